// Clients that leave, and a proxy that is told to stop.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

std::vector<Step> endless_stream() {
  auto steps = chat_stream("one two three");
  steps.resize(5);
  steps.push_back(WaitForClientGone{});
  return steps;
}

class LeavingTest : public testing::TestWithParam<bool> {};

TEST_P(LeavingTest, ClosesUpstreamAndFreesTheSlot) {
  const bool stream = GetParam();
  ScriptedUpstream upstream(
      [](const Received& request) {
        return request.body.find("leaver") == std::string::npos ? chat_stream("fine")
                                                                : endless_stream();
      },
      1);
  TestProxy proxy(test_config(upstream.url()));
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(eventually([&] { return upstream.running() == 0; }));  // the one before has ended
    TestClient leaver(proxy.port());
    leaver.send(post_bytes("/v1/chat/completions", chat_body("leaver", stream)));
    ASSERT_TRUE(eventually([&] { return upstream.running() == 1; }));
    leaver.close();
    ASSERT_TRUE(eventually([&] { return upstream.clients_gone() == i; }));
    TestClient next(proxy.port());
    EXPECT_EQ(next.post("/v1/chat/completions", chat_body("next", false)).status, 200);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, LeavingTest, testing::Bool(),
                         [](const auto& p) { return p.param ? "Streaming" : "Assembled"; });

TEST(Leaving, AHundredClientsAtOnceLeaveNothingBehind) {
  ScriptedUpstream upstream([](const Received&) { return endless_stream(); }, 100);
  TestProxy proxy(test_config(upstream.url()));
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<TestClient>(proxy.port()));
    clients.back()->send(
        post_bytes("/v1/chat/completions", chat_body("client " + std::to_string(i), true)));
  }
  ASSERT_TRUE(eventually([&] { return upstream.running() == 100; }));
  clients.clear();
  EXPECT_TRUE(eventually([&] { return upstream.clients_gone() == 100; }));
}

TEST(Leaving, SlowReadersHoldUpstreamBackAndAreCutAfterTheWriteLimit) {
  const std::string big = std::string(60000, 'x');
  ScriptedUpstream upstream([&big](const Received&) {
    std::vector<Step> steps{Send{stream_head()}};
    for (int i = 0; i < 400; ++i) {
      steps.push_back(Send{chunk(chat_event(R"({"content":")" + big + "\"}"))});
    }
    steps.push_back(WaitForClientGone{});
    return steps;
  });
  Config config = test_config(upstream.url());
  config.timeouts.write = 500ms;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  client.send(post_bytes("/v1/chat/completions", chat_body("x", true)));
  EXPECT_TRUE(eventually([&] { return upstream.running() == 1; }));
  EXPECT_TRUE(eventually([&] { return upstream.running() == 0; }, 8s));
}

TEST(Stopping, DrainsARunningStreamAndRefusesNewConnections) {
  std::atomic<bool> go_on{false};
  ScriptedUpstream upstream([&go_on](const Received&) {
    auto steps = chat_stream("one two three");
    steps.insert(steps.begin() + 4, WaitFor{&go_on});
    return steps;
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient idle(proxy.port());
  EXPECT_EQ(idle.get("/health").status, 200);
  TestClient client(proxy.port());
  client.send(post_bytes("/v1/chat/completions", chat_body("x", true)));
  ASSERT_TRUE(eventually([&] { return upstream.running() == 1; }));
  proxy.request_stop();
  EXPECT_TRUE(idle.closed_within(2s));
  EXPECT_THROW(TestClient(proxy.port()).get("/health"), std::exception);
  go_on = true;
  const Response response = client.read_response();
  EXPECT_TRUE(response.complete);
  EXPECT_NE(response.body.find("[DONE]"), std::string::npos);
  EXPECT_TRUE(proxy.stopped_within(3s));
}

TEST(Stopping, CutsWhatOutlivesTheDrainTime) {
  ScriptedUpstream upstream([](const Received&) { return endless_stream(); });
  Config config = test_config(upstream.url());
  config.timeouts.drain = 300ms;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  client.send(post_bytes("/v1/chat/completions", chat_body("x", true)));
  ASSERT_TRUE(eventually([&] { return upstream.running() == 1; }));
  proxy.request_stop();
  const Response response = client.read_response();
  EXPECT_FALSE(response.complete);
  EXPECT_TRUE(proxy.stopped_within(5s));
}

}  // namespace
}  // namespace keep::test
