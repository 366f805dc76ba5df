// The end of a conversation while requests of it run.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

TEST(EndTest, TwoThatComeWhileARequestRunsAreBothTold) {
  std::atomic<bool> asked = false, go_on = false;
  ScriptedUpstream upstream([&](const Received&) {
    asked = true;
    std::vector<Step> steps{WaitFor{&go_on}};
    for (Step& step : chat_stream("Good day.")) steps.push_back(std::move(step));
    return steps;
  });
  TestProxy proxy(test_config(upstream.url()));
  const std::string headers = "X-Conversation-ID: one\r\nContent-Type: application/json\r\n";
  const auto post = [&](const char* path, const char* body) {
    return TestClient(proxy.port()).post(path, body, headers).status;
  };
  auto request = std::async(std::launch::async, post, "/v1/chat/completions",
                            R"({"messages":[{"role":"user","content":"Hello."}]})");
  while (!asked) std::this_thread::sleep_for(1ms);
  const char* const end = R"({"conversation_id":"one"})";
  auto first = std::async(std::launch::async, post, "/v1/conversations/end", end);
  auto second = std::async(std::launch::async, post, "/v1/conversations/end", end);
  std::this_thread::sleep_for(200ms);
  go_on = true;
  EXPECT_EQ(request.get(), 200);
  EXPECT_EQ(first.get(), 200);
  EXPECT_EQ(second.get(), 200);
  EXPECT_EQ(post("/v1/conversations/end", end), 404) << "nothing of it is left";
}

}  // namespace
}  // namespace keep::test
