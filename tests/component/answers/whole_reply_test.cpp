// Answers that upstream gives in one JSON: how large, how many, and whether they are JSON at all.
#include "base/json/json.hpp"
#include "tests/support/loop_probe.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

constexpr const char* kChat = "/v1/chat/completions";
constexpr std::size_t kMegabyte = 1 << 20;

std::string body_for(const std::string& path) {
  if (path == "/v1/responses") return R"({"input":"x","logprobs":true})";
  if (path == "/completion") return R"({"prompt":"x","n_probs":1})";
  return R"({"max_tokens":9,"messages":[{"role":"user","content":"x"}],"logprobs":true})";
}

std::string repeated(const std::string& element, std::size_t bytes) {
  std::string list = element;
  while (list.size() < bytes) list.append(",").append(element);
  return list;
}

std::string with_probabilities(std::size_t bytes, const std::string& text = "I see.") {
  return R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":")" +
         text + R"("},"logprobs":{"content":[)" +
         repeated(R"({"id":5,"token":"I","bytes":[73],"logprob":-0.5})", bytes) +
         R"(]}}],"usage":{"completion_tokens":2,"prompt_tokens":9},"id":"chatcmpl-7"})";
}

class WholeReplyTest : public testing::Test {
 protected:
  static Config without_slots(Config config) {
    config.slots.enabled = false;  // nobody makes upstream stream then
    return config;
  }
  Response ask(const std::string& path) { return ask(path, body_for(path)); }
  Response ask(const std::string& path, const std::string& body) {
    TestClient client(proxy_.port());
    client.send(post_bytes(path, body));
    return client.read_response(std::chrono::seconds(60));
  }

  std::string answer_;
  ScriptedUpstream upstream_{
      [this](const Received&) -> std::vector<Step> { return {Send{reply(200, answer_)}}; }};
  TestProxy proxy_{without_slots(test_config(upstream_.url()))};
};

class LargeReplyTest : public WholeReplyTest, public testing::WithParamInterface<const char*> {};

TEST_P(LargeReplyTest, HoldsNobodyUp) {
  answer_ = with_probabilities(2 * kMegabyte);
  const LoopProbe probe(proxy_);
  const Response response = ask(GetParam());
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("I see."), std::string::npos);
  EXPECT_LT(probe.longest_stall(), LoopProbe::kLongest);
}

TEST_P(LargeReplyTest, NorDoManyChoices) {
  answer_ = R"({"choices":[)" +
            repeated(R"({"index":0,"message":{"content":"y"},"finish_reason":"stop"})", kMegabyte) +
            "]}";
  const LoopProbe probe(proxy_);
  EXPECT_EQ(ask(GetParam()).status, 200);
  EXPECT_LT(probe.longest_stall(), LoopProbe::kLongest);
}

TEST_P(LargeReplyTest, IsRefusedAboveTheLimit) {
  answer_ = with_probabilities(16 * kMegabyte);
  const Response response = ask(GetParam());
  EXPECT_EQ(response.status, 502);
  const auto root = json::validate(response.body);
  ASSERT_TRUE(root) << response.body;
  const bool anthropic = GetParam() == std::string("/v1/messages");
  EXPECT_EQ(root->find("type").string().value_or(""), anthropic ? "error" : "");
  EXPECT_NE(response.body.find("over the size limit"), std::string::npos) << response.body;
}

INSTANTIATE_TEST_SUITE_P(Surfaces, LargeReplyTest,
                         testing::Values(kChat, "/v1/messages", "/v1/responses"));

TEST_F(WholeReplyTest, ALongTextHoldsNobodyUp) {
  answer_ = R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant",)"
            R"("content":")" +
            repeated(R"(\u00e9 and \"\n)", 12 * kMegabyte) + R"("}}],"id":"chatcmpl-7"})";
  const LoopProbe probe(proxy_);
  EXPECT_EQ(ask(kChat).status, 200);
  EXPECT_LT(probe.longest_stall(), LoopProbe::kLongest);
}

TEST_F(WholeReplyTest, ManyResultsHoldNobodyUp) {
  answer_ =
      "[" + repeated(R"({"index":0,"content":"y","stop":true,"stop_type":"eos"})", kMegabyte) + "]";
  const LoopProbe probe(proxy_);
  EXPECT_EQ(ask("/completion", R"({"prompt":"x","n_probs":1,"n":20000})").body, answer_);
  EXPECT_LT(probe.longest_stall(), LoopProbe::kLongest);
}

TEST_F(WholeReplyTest, MoreResultsThanWereAskedForAreUpstreamsFault) {
  const std::string three = R"({"prompt":["a","b","c"],"n_probs":1})";
  answer_ = R"([{"content":"a"},{"content":"b"},{"content":"c"}])";
  EXPECT_EQ(ask("/completion", three).body, answer_);
  answer_ = "[" + repeated("0", 4 * kMegabyte) + "]";
  for (const char* path : {kChat, "/completion", "/v1/messages", "/v1/responses"}) {
    const Response response = ask(path, path[1] == 'c' ? three : body_for(path));
    EXPECT_EQ(response.status, 502) << path;
    EXPECT_NE(response.body.find("more results"), std::string::npos) << response.body;
  }
}

TEST_F(WholeReplyTest, TheItemsOfALargeOneAreKept) {
  answer_ = with_probabilities(kMegabyte / 2, "the vault");
  const Response first = ask("/v1/responses");
  const json::Value item = *json::Value(first.body).find("output").elements().begin();
  const std::string id = item.find("id").string().value_or("");
  const Response second =
      TestClient(proxy_.port())
          .post("/v1/responses", R"({"input":[{"type":"item_reference","id":")" + id +
                                     R"("},{"role":"user","content":"x"}]})");
  EXPECT_EQ(second.status, 200) << second.body.substr(0, 200);
  EXPECT_NE(upstream_.received().back().body.find("the vault"), std::string::npos);
}

class NoJsonTest : public WholeReplyTest, public testing::WithParamInterface<const char*> {};

TEST_P(NoJsonTest, IsUpstreamsFault) {
  answer_ = GetParam();
  for (const char* path : {kChat, "/completion", "/v1/messages", "/v1/responses"}) {
    const Response response = ask(path);
    EXPECT_EQ(response.status, 502) << path;
    EXPECT_TRUE(json::validate(response.body)) << path << ' ' << response.body;
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, NoJsonTest,
                         testing::Values("", "no JSON", "<html></html>", R"({"choices":[{"ind)",
                                         R"({"timings":{"cache_n":1)"));

TEST_F(WholeReplyTest, WhatIsJsonLeavesAsItCame) {
  for (const char* body : {"{}", " [ ] ", "null", "42", R"({"object":"unknown"})"}) {
    answer_ = body;
    const Response response = ask(kChat);
    EXPECT_EQ(response.status, 200) << body;
    EXPECT_EQ(response.body, body);
  }
}

}  // namespace
}  // namespace keep::test
