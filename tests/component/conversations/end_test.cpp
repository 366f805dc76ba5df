// The end of a conversation while requests of it run.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace keep::test {
namespace {

TEST(EndTest, TwoThatComeWhileARequestRunsAreBothTold) {
  std::atomic<bool> go_on = false;
  ScriptedUpstream upstream([&](const Received&) {
    std::vector<Step> steps{WaitFor{&go_on}};
    for (Step& step : chat_stream("Good day.")) steps.push_back(std::move(step));
    return steps;
  });
  TestProxy proxy(test_config(upstream.url()));
  const std::string name = "X-Conversation-ID: one\r\n";
  const std::string end = post_bytes("/v1/conversations/end", R"({"conversation_id":"one"})", name);
  TestClient chat(proxy.port()), first(proxy.port()), second(proxy.port());
  // The loop has come to what was sent when it answers whoever came later.
  const auto arrive = [&] {
    for (int i = 0; i < 3; ++i) TestClient(proxy.port()).get("/health");
  };
  chat.send(post_bytes("/v1/chat/completions",
                       R"({"messages":[{"role":"user","content":"Hello."}]})", name));
  arrive();
  first.send(end);
  second.send(end);
  arrive();
  go_on = true;
  EXPECT_EQ(chat.read_response().status, 200);
  EXPECT_EQ(first.read_response().status, 200);
  EXPECT_EQ(second.read_response().status, 200);
  first.send(end);
  EXPECT_EQ(first.read_response().status, 404) << "nothing of it is left";
}

}  // namespace
}  // namespace keep::test
