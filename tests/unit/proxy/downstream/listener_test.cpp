#include "downstream/listener.hpp"

#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace keep {
namespace {

using namespace std::chrono_literals;
using test::TestClient;

// Fails before its answer, or in the middle of it.
class Failing final : public RequestHandler {
 public:
  bool wants_body(const Request&) const override { return true; }
  asio::awaitable<void> handle(IncomingRequest incoming, ResponseWriter& writer, Guard&) override {
    if (incoming.request.target == "/half") {
      const Headers none;
      writer.begin(200, "OK", none, 100);
      co_await writer.write("half of it");
    }
    throw std::runtime_error("broken");
  }
};

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    EXPECT_TRUE(listener_.open());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~ListenerTest() override {
    asio::post(loop_, [this] { listener_.drain(); });
    EXPECT_TRUE(
        test::eventually([this] { return on_loop([&] { return spawner_.running(); }) == 0; }));
    work_.reset();
    thread_.join();
  }
  template <class Fn>
  std::size_t on_loop(Fn fn) {
    std::promise<std::size_t> result;
    asio::post(loop_, [&] { result.set_value(fn()); });
    return result.get_future().get();
  }
  std::size_t connections() {
    return on_loop([this] { return listener_.connections(); });
  }
  static ListenerSettings settings() {
    ListenerSettings settings;
    settings.host = "127.0.0.1";
    settings.write = settings.limits.idle = settings.limits.head = settings.limits.body = 5s;
    return settings;
  }

  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  Spawner spawner_{loop_};
  Failing handler_;
  Listener listener_{loop_, spawner_, settings(), handler_};
  std::thread thread_;
};

TEST_F(ListenerTest, AHandlerThatThrowsIsAnErrorInTheWordsOfTheClient) {
  for (const char* path : {"/v1/chat/completions", "/v1/messages"}) {
    TestClient client(listener_.port());
    const test::Response response = client.post(path, "{}");
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.header("Connection"), "close");
    const bool anthropic = response.body.starts_with(R"({"type":"error")");
    EXPECT_EQ(anthropic, std::string(path) == "/v1/messages") << response.body;
    EXPECT_TRUE(client.closed_within(2s));
  }
  EXPECT_TRUE(test::eventually([this] { return connections() == 0; }));
}

TEST_F(ListenerTest, WhatHasBegunIsCut) {
  TestClient client(listener_.port());
  const test::Response response = client.post("/half", "{}");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(response.body, "half of it");
  EXPECT_TRUE(test::eventually([this] { return connections() == 0; }));
}

}  // namespace
}  // namespace keep
