#include "flow/run_exchange.hpp"

#include "openai/dialects/dialects.hpp"
#include "tests/unit/proxy/flow/one_client.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace keep {
namespace {

// Throws where it is asked for its explanation, and counts its ends.
class Throwing final : public Stage {
 public:
  explicit Throwing(std::vector<Outcome>& ends) : ends_(ends) {}
  void explain(const Exchange&, Explanation&) const override { throw std::runtime_error("broken"); }
  void on_finish(const Exchange&, const Outcome& outcome) noexcept override {
    ends_.push_back(outcome);
  }

 private:
  std::vector<Outcome>& ends_;
};

// Waits for the cpu pool before anything is known of the request, and counts its ends.
class Reading final : public Stage {
 public:
  Reading(Pool& cpu, std::vector<Outcome>& ends) : cpu_(cpu), ends_(ends) {}
  MaybeTask<Verdict> on_request(Exchange&) override { return read(); }
  void on_finish(const Exchange&, const Outcome& outcome) noexcept override {
    ends_.push_back(outcome);
  }

 private:
  Task<Verdict> read() {
    auto job = [] { return true; };
    co_await run_on(cpu_, std::move(job));
    co_return Verdict{Next{}};
  }

  Pool& cpu_;
  std::vector<Outcome>& ends_;
};

class Maker final : public Plugin {
 public:
  using Make = std::function<std::unique_ptr<Stage>()>;
  explicit Maker(Make make) : make_(std::move(make)) {}
  std::string_view name() const noexcept override { return "maker"; }
  std::unique_ptr<Stage> begin(Exchange&) override { return make_(); }

 private:
  Make make_;
};

asio::awaitable<void> chat(Flow& flow, ResponseWriter& writer, Guard& guard) {
  Exchange exchange;
  exchange.dialect = &openai::dialects::chat();
  exchange.surface = openai::Surface::kChat;
  co_await run_exchange(flow, exchange, writer, guard);
}

// An exchange that would fail, as there is no server.
class RunExchangeTest : public test::OneClient {
 protected:
  std::vector<Outcome> ends_;
};

TEST_F(RunExchangeTest, AnExchangeEndsOnceWhoeverThrows) {
  add(std::make_unique<Maker>([this] { return std::make_unique<Throwing>(ends_); }));
  begin(chat);
  ASSERT_TRUE(ends());
  ASSERT_EQ(ends_.size(), 1U);
  ASSERT_TRUE(ends_[0].error);
  EXPECT_EQ(ends_[0].error->fault, Fault::kRefused) << "what it failed of in the first place";
  EXPECT_EQ(ends_[0].status, 500);
  EXPECT_EQ(thrown_, "broken") << "whoever has the connection tells the client";
}

TEST_F(RunExchangeTest, AClientThatLeavesBeforeItIsIdentifiedWaitsForNothing) {
  add(std::make_unique<Maker>([this] { return std::make_unique<Reading>(pools_.cpu, ends_); }));
  occupy_pool();
  begin(chat);
  loop_.poll();
  EXPECT_TRUE(ends_.empty());
  client_.close();
  ASSERT_TRUE(ends());
  ASSERT_EQ(ends_.size(), 1U);
  ASSERT_TRUE(ends_[0].error);
  EXPECT_EQ(ends_[0].error->fault, Fault::kGone);
  EXPECT_EQ(ends_[0].status, 499);
}

}  // namespace
}  // namespace keep
