// Two API keys and one llama-server: what one has asked is nowhere to be seen for the other.
#include "base/json/json.hpp"
#include "tests/support/keys_file.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace keep::test {
namespace {

const std::string kAnna = "Authorization: Bearer key-of-anna\r\n",
                  kBert = "Authorization: Bearer key-of-bert\r\n";

// A llama-server whose prompts are all of 200 tokens, and which finds 199 of them in its cache
// unless it is told not to look.
class Caching {
 public:
  explicit Caching(bool ram_cache) : ram_cache_(ram_cache) {}
  std::vector<Step> operator()(const Received& request) {
    const auto body = json::validate(request.body);
    if (request.target == "/completion" && body && body->find("n_predict").integer() == 0) {
      return {Send{reply(200, read(body->find("prompt").string().value_or("")))}};
    }
    const bool looks = request.body.find(R"("cache_prompt":true)") != std::string::npos;
    return chat_stream("hello there", looks ? 199 : 0, looks ? 1 : 200);
  }

 private:
  std::string read(const std::string& prompt) {
    const std::lock_guard lock(mutex_);
    const bool again = !prompts_.insert(prompt).second;
    return again && ram_cache_ ? R"({"timings":{"cache_n":29,"prompt_n":1}})"
                               : R"({"timings":{"cache_n":0,"prompt_n":30}})";
  }
  bool ram_cache_;
  std::mutex mutex_;
  std::set<std::string> prompts_;
};

class TwoKeys : public testing::Test {
 protected:
  explicit TwoKeys(bool ram_cache = false, int slots = 1)
      : caching_(ram_cache),
        upstream_([this](const Received& request) { return caching_(request); }, slots) {
    const auto probed = [this] { return asked("/completion") >= 4; };
    EXPECT_TRUE(eventually(probed)) << "whether there is a RAM cache";
  }
  Config config() {
    Config config = test_config(upstream_.url());
    config.keys_file = keys_.path();
    return config;
  }
  std::size_t asked(const std::string& target) const {
    std::size_t count = 0;
    for (const Received& request : upstream_.received()) count += request.target == target ? 1 : 0;
    return count;
  }
  Response chat(const std::string& key, const std::string& text, const std::string& extra = "") {
    return client_.post("/v1/chat/completions", chat_body(text, false, extra), key);
  }
  static std::int64_t cached(const Response& response) {
    const auto root = json::validate(response.body);
    if (!root) return -1;
    return root->find("usage")
        .find("prompt_tokens_details")
        .find("cached_tokens")
        .integer()
        .value_or(-1);
  }

  KeysFile keys_{"key-of-anna\nkey-of-bert\n"};
  Caching caching_;
  ScriptedUpstream upstream_;
  TestProxy proxy_{config()};
  TestClient client_{proxy_.port()};
};

class WithRamCache : public TwoKeys {
 protected:
  WithRamCache() : TwoKeys(true) {}
};

TEST_F(TwoKeys, AForeignPromptIsNotInTheCache) {
  EXPECT_EQ(cached(chat(kAnna, "the secret")), 0);
  EXPECT_EQ(cached(chat(kBert, "the secret")), 0);
  EXPECT_EQ(cached(chat(kBert, "the secret")), 199) << "it is its own now";
}

TEST_F(TwoKeys, AskingForTheCacheDoesNotHelp) {
  chat(kAnna, "the secret");
  EXPECT_EQ(cached(chat(kBert, "the secret", R"(,"cache_prompt":true)")), 0);
  chat(kAnna, "the secret");
  EXPECT_EQ(cached(chat(kBert, "the secret", R"(,"cache\u005fprompt":true)")), 0);
}

// All the places where it could be told.
TEST_F(WithRamCache, WhatMayBeAnothersIsToldNowhere) {
  const auto ask = [this](const std::string& path, const std::string& body) {
    chat(kBert, "hello there");
    const Response response = client_.post(path, body, kBert);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body.find("199"), std::string::npos) << response.body;
    EXPECT_NE(response.header("X-Keep-Cache"), "hit");
    return response;
  };
  const std::string asks = R"(,"return_progress":true,"verbose":true,"timings_per_token":true,)"
                           R"("stream_options":{"include_usage":true})";
  EXPECT_EQ(cached(ask("/v1/chat/completions", chat_body("the secret", false, asks))), 0);
  ask("/v1/chat/completions", chat_body("the secret", true, asks));
  for (const std::string stream : {"false", "true"}) {
    ask("/v1/messages", R"({"model":"m","max_tokens":9,"stream":)" + stream +
                            R"(,"messages":[{"role":"user","content":"the secret"}]})");
    ask("/v1/responses", R"({"model":"m","input":"the secret","stream":)" + stream + "}");
  }
  EXPECT_NE(upstream_.received().back().body.find(R"("cache_prompt":true)"), std::string::npos)
      << "it was looked for";
  TestClient other(proxy_.port());
  other.send("GET /metrics HTTP/1.1\r\nHost: x\r\n" + kBert + "\r\n");
  const Response metrics = other.read_response();
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.body.find("cached_prompt_tokens_total{source=\"slot\"} 0\n"),
            std::string::npos);
}

TEST_F(WithRamCache, NorIsWhatTheTenantsOwnSlotHeld) {
  for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(cached(chat(kAnna, "the secret")), 0);
  EXPECT_NE(upstream_.received().back().body.find(R"("cache_prompt":true)"), std::string::npos)
      << "it was used";
}

// Facts stand in the prompt beside the messages.
TEST_F(WithRamCache, NorWhatAFactMakesOfTheSameMessages) {
  const auto store = [this](const std::string& value) {
    const std::string fact = R"({"topic":"codes","key":"museum","value":"code )" + value + R"("})";
    return client_.post("/v1/knowledge/store", fact, kBert).status;
  };
  for (const std::string code : {"1111", "2222", "3333"}) {
    EXPECT_EQ(store(code), 200);
    const std::string talk = kBert + "X-Conversation-Id: about-" + code + "\r\n";
    EXPECT_EQ(cached(chat(talk, "What is the code of the museum?")), 0);
    EXPECT_NE(upstream_.received().back().body.find(code), std::string::npos) << code;
  }
}

TEST_F(TwoKeys, AnInfillFindsNothingOfOthers) {
  const std::string body =
      R"({"input_prefix":"a","input_suffix":"b","id_slot":3,"cache_prompt":true})";
  EXPECT_EQ(client_.post("/infill", body, kAnna).status, 200);
  EXPECT_EQ(client_.post("/infill", body, kBert).status, 200);
  std::vector<std::string> sent;
  for (const Received& request : upstream_.received()) {
    if (request.target == "/infill") sent.push_back(request.body);
  }
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1], R"({"input_prefix":"a","input_suffix":"b","id_slot":0,"cache_prompt":false})");
  EXPECT_EQ(client_.post("/infill", "[1]", kBert).status, 400);
}

}  // namespace
}  // namespace keep::test
