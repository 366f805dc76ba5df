#include "flow/pipeline.hpp"

#include "base/async/pools.hpp"
#include "base/metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <vector>

namespace keep {
namespace {

using namespace std::chrono_literals;

enum class Manner { kThrows, kReturns };

// Fails at once or, when it waits, by being cut short.
class Failing final : public Plugin {
 public:
  Failing(Manner manner, bool waits) : manner_(manner), waits_(waits) {}
  std::string_view name() const noexcept override { return "failing"; }
  Task<> on_upstream_request(Exchange&) override {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, waits_ ? 1h : 0h);
    if (manner_ == Manner::kThrows) {
      co_await timer.async_wait(asio::use_awaitable);
      throw std::runtime_error("broken");
    }
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return Error(Fault::kInternal, Side::kInternal, "broken");
  }

 private:
  Manner manner_;
  bool waits_;
};

class PipelineTest : public testing::TestWithParam<Manner> {
 protected:
  // What the figures say after one call that is cut after a while.
  std::string figures(bool waits) {
    Metrics metrics;
    std::vector<std::unique_ptr<Plugin>> plugins;
    plugins.push_back(std::make_unique<Failing>(GetParam(), waits));
    Pipeline pipeline(std::move(plugins), metrics);
    Exchange exchange;
    asio::io_context loop;
    Spawner spawner(loop);
    const auto call = [&]() -> asio::awaitable<void> {
      co_await pipeline.on_upstream_request(exchange);
    };
    spawner.spawn("call", call());
    loop.run_for(20ms);
    spawner.cancel_all();
    loop.restart();
    loop.run_for(10s);
    EXPECT_EQ(spawner.running(), 0U);
    return metrics.text();
  }
};

TEST_P(PipelineTest, FailuresAreCounted) {
  EXPECT_NE(figures(false).find("plugin_skipped_total"), std::string::npos);
}

TEST_P(PipelineTest, BeingCutShortIsNoFailure) {
  EXPECT_EQ(figures(true).find("plugin_skipped_total"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Manners, PipelineTest, testing::Values(Manner::kThrows, Manner::kReturns));

}  // namespace
}  // namespace keep
