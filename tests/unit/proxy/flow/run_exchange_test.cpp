#include "flow/run_exchange.hpp"

#include "flow/item_memory.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace keep {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

// Throws where it is asked for its explanation, and counts its ends.
class Throwing final : public Plugin {
 public:
  explicit Throwing(std::vector<Outcome>& ends) : ends_(ends) {}
  std::string_view name() const noexcept override { return "throwing"; }
  std::unique_ptr<Stage> begin(Exchange&) override { return std::make_unique<Broken>(ends_); }

 private:
  class Broken final : public Stage {
   public:
    explicit Broken(std::vector<Outcome>& ends) : ends_(ends) {}
    void explain(const Exchange&, Explanation&) const override {
      throw std::runtime_error("broken");
    }
    void on_finish(const Exchange&, const Outcome& outcome) noexcept override {
      ends_.push_back(outcome);
    }

   private:
    std::vector<Outcome>& ends_;
  };
  std::vector<Outcome>& ends_;
};

// An exchange that fails, as there is no server, with a client that the test plays.
class RunExchangeTest : public testing::Test, protected test::FakeServices {
 protected:
  RunExchangeTest() {
    std::vector<std::unique_ptr<Plugin>> plugins;
    plugins.push_back(std::make_unique<Throwing>(ends_));
    pipeline_ = std::make_unique<Pipeline>(std::move(plugins), metrics_);
    tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client_.connect(acceptor.local_endpoint());
    server_ = acceptor.accept();
    server_.non_blocking(true);
  }
  asio::awaitable<void> serve(asio::cancellation_signal& stop) {
    co_await asio::this_coro::throw_if_cancelled(false);
    Peer peer(std::move(server_));
    Guard guard(peer, stop);
    Exchange exchange;
    exchange.dialect = &openai::dialects::chat();
    exchange.surface = openai::Surface::kChat;
    const Request request;
    const CorsPolicy cors;
    ResponseWriter writer(peer, request, false, cors);
    FlowMetrics figures(metrics_);
    Flow flow{{}, services_, tokenizer_, *pipeline_, fleet_, figures, items_};
    flow.settings.write = 1s;
    try {
      co_await run_exchange(flow, exchange, writer, guard);
    } catch (const std::exception& e) {
      thrown_ = e.what();
    }
  }

  tcp::socket client_{loop_}, server_{loop_};
  Fleet fleet_{loop_, clock_};
  ItemMemory items_;
  std::vector<Outcome> ends_;
  std::unique_ptr<Pipeline> pipeline_;
  std::string thrown_;
};

TEST_F(RunExchangeTest, AnExchangeEndsOnceWhoeverThrows) {
  spawner_.spawn_with_signal("test",
                             [this](asio::cancellation_signal& stop) { return serve(stop); });
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (spawner_.running() > 0 && std::chrono::steady_clock::now() < end) loop_.run_for(10ms);
  ASSERT_EQ(ends_.size(), 1U);
  ASSERT_TRUE(ends_[0].error);
  EXPECT_EQ(ends_[0].error->fault, Fault::kRefused) << "what it failed of in the first place";
  EXPECT_EQ(ends_[0].status, 500);
  EXPECT_EQ(thrown_, "broken") << "whoever has the connection tells the client";
}

}  // namespace
}  // namespace keep
