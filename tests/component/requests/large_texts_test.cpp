// Texts of many megabytes hold the loop no longer than others: what passes over all of one, or
// copies it, is done in a pool.
#include "tests/support/loop_probe.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keep::test {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kBytes = 2 << 20;
#else
constexpr std::size_t kBytes = 8 << 20;
#endif

// Its last words are `end`.
std::string ask_at_length(std::string_view end) {
  std::string body = R"({"model":"demo","messages":[{"role":"user","content":"at 12:00 )";
  body.reserve(kBytes + 128);
  while (body.size() < kBytes) body += "the lamp of the harbor is lit ";
  return body.append(end).append("\"}]}");
}

class LargeTextsTest : public testing::Test {
 protected:
  LargeTextsTest() {
    upstream_.set_context(100'000'000);
    config_.history.max_conversation_tokens = 100'000'000;
  }

  Response post(const char* path, const std::string& body) {
    if (!proxy_) proxy_.emplace(config_);
    TestClient client(proxy_->port());
    client.send(post_bytes(path, body, "X-Conversation-Id: long\r\n"));
    return client.read_response(std::chrono::minutes(2));
  }
  // The same text with another end.
  Response expect_no_stall(const char* path) {
    proxy_.emplace(config_);
    LoopProbe probe(*proxy_);
    EXPECT_EQ(post(path, ask_at_length("one")).status, 200);
    Response response = post(path, ask_at_length("two"));
    EXPECT_EQ(response.status, 200) << response.body;
    const std::chrono::duration<double, std::milli> longest = probe.longest_stall();
    EXPECT_LT(longest, LoopProbe::kLongest) << path;
    RecordProperty("longest_stall_ms", std::to_string(longest.count()));
    return response;
  }

  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target.ends_with("/input_tokens")) {
      return {Send{reply(200, R"({"input_tokens":7})")}};
    }
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1,2,3]})")}};
    if (request.target == "/apply-template") return {Send{reply(200, R"({"prompt":"x"})")}};
    return chat_stream("I see.");
  }};
  Config config_ = test_config(upstream_.url());
  std::optional<TestProxy> proxy_;
};

TEST_F(LargeTextsTest, OneThatDiffersNearItsEnd) {
  const Response response = expect_no_stall("/v1/chat/completions");
  EXPECT_TRUE(response.header("X-Keep-Divergence").starts_with("message=0;byte="))
      << response.header("X-Keep-Divergence");
}

TEST_F(LargeTextsTest, OneThatIsCounted) {
  EXPECT_EQ(expect_no_stall("/v1/messages/count_tokens").body, R"({"input_tokens":7})");
}

TEST_F(LargeTextsTest, OneWithSomethingToFreeze) {
  config_.hygiene.rules = {{"clock", "", "at \\d\\d:\\d\\d", "freeze"}};
  expect_no_stall("/v1/chat/completions");
}

}  // namespace
}  // namespace keep::test
