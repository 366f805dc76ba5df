// Whatever list of messages comes, it is answered, and nothing holds the loop meanwhile: random
// conversations of several clients at once through the whole proxy with every plugin at work.
//
// KEEP_RANDOM_SECONDS: how long (3 by default). KEEP_RANDOM_REQUESTS: how many instead.
#include "base/json/json.hpp"
#include "tests/support/loop_probe.hpp"
#include "tests/support/random_requests.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 3;
constexpr std::size_t kMaxMessages = 200;

long number_of(const char* variable, long otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atol(text);
}

std::vector<Step> misbehave(const std::string& body) {
  switch (body.size() % 4) {
    case 0: return {Send{reply(500, R"({"error":{"message":"out of order"}})")}};
    case 1:
      return {Send{reply(400, R"({"error":{"code":400,"type":"exceed_context_size_error",)"
                              R"("message":"too long","n_prompt_tokens":900,"n_ctx":500}})")}};
    case 2: return {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"I"})"))}, Close{}};
    default: return {Close{}};
  }
}

// Mostly what clients send back as their history.
std::vector<Step> play(const Received& request) {
  const std::string& body = request.body;
  if (request.target == "/tokenize") {
    std::string tokens = "1";
    const auto text = json::Value(body).find("content").string().value_or("");
    for (std::size_t i = 4; i < text.size(); i += 4) tokens += ",1";
    return {Send{reply(200, "{\"tokens\":[" + tokens + "]}")}};
  }
  if (request.target == "/apply-template") {
    return {Send{reply(200, R"({"prompt":"keep-reply keep-probe keep-next"})")}};
  }
  if (body.find(RandomClients::kFail) != std::string::npos) return misbehave(body);
  const bool hedges = body.size() % 8 == 0;
  const std::string text = hedges ? "If I recall correctly, it was so." : "I see.";
  if (request.target == "/v1/responses") return responses_stream(text);
  return chat_stream(text, 0, static_cast<int>(body.size() / 4));
}

class AnyMessages : public testing::Test {
 protected:
  AnyMessages() {
    upstream_.forget_received();
    const Response stored =
        TestClient(proxy_.port())
            .post("/v1/knowledge/store", R"({"topic":"museum","key":"vault","value":)"
                                         R"("The vault code of the museum is 7341."})");
    EXPECT_EQ(stored.status, 200) << stored.body;
  }
  static Config config(const std::string& url) {
    Config config = test_config(url);
    config.history.window_tokens = 600;  // of four bytes each: histories are cut early
    config.history.max_conversation_tokens = 50000;
    config.history.max_bytes = 64 << 20;
    return config;
  }

  // False: the test is over.
  bool one_more() {
    const long limit = number_of("KEEP_RANDOM_REQUESTS", 0);
    if (failed_) return false;
    return limit > 0 ? ++asked_ <= limit : ++asked_ > 0 && std::chrono::steady_clock::now() < end_;
  }
  void ask_on(std::uint64_t seed) {
    RandomClients clients(seed, kMaxMessages);
    std::unique_ptr<TestClient> client;
    while (one_more()) {
      const RandomRequest request = clients.next();
      if (!client) client = std::make_unique<TestClient>(proxy_.port());
      const Response response = client->post(request.target, request.body, request.headers);
      // A body that asks for a failure gets one.
      const bool good = response.complete && (response.status == 200 || response.status == 400 ||
                                              response.status == 404);
      const bool broken = request.may_fail && (response.status >= 500 || !response.complete);
      if (!good && !broken) {
        failed_ = true;
        ADD_FAILURE() << response.status << " " << response.body << "\nseed " << seed << ": "
                      << request.target << "\n"
                      << request.headers << request.body;
      }
      if (response.status == 200) ++answered_;
      if (!response.complete || response.header("Connection") == "close") client.reset();
    }
  }

  std::atomic<long> asked_{0}, answered_{0};
  std::atomic<bool> failed_{false};
  ScriptedUpstream upstream_{play};
  TestProxy proxy_{config(upstream_.url())};
  std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(number_of("KEEP_RANDOM_SECONDS", 3));
};

TEST_F(AnyMessages, AreAnsweredWithoutHoldingTheLoop) {
  const auto seed = static_cast<std::uint64_t>(number_of("KEEP_RANDOM_SEED", 1));
  LoopProbe probe(proxy_);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([this, seed, i] { ask_on(seed * kClients + i); });
  }
  for (std::thread& thread : threads) thread.join();
  const auto longest = probe.longest_stall();
  std::printf("%ld requests, %ld answered with 200, longest stall %.1f ms\n", asked_.load(),
              answered_.load(), static_cast<double>(longest.count()) / 1e6);
  EXPECT_GT(answered_ * 2, asked_ - static_cast<long>(kClients));
  EXPECT_LT(longest, LoopProbe::kLongest);
}

}  // namespace
}  // namespace keep::test
