#include "flow/pipeline.hpp"

#include "base/async/pools.hpp"
#include "base/metrics.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {
namespace {

using namespace std::chrono_literals;

enum class Manner { kThrows, kReturns };

// Fails after a wait or, when that is long, by being cut short.
class Failing final : public Stage {
 public:
  Failing(Manner manner, bool waits) : manner_(manner), waits_(waits) {}
  MaybeTask<> on_upstream_request(Exchange&) override { return fail(); }

 private:
  Task<> fail() {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, waits_ ? 1h : 0h);
    if (manner_ == Manner::kThrows) {
      co_await timer.async_wait(asio::use_awaitable);
      throw std::runtime_error("broken");
    }
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return Error(Fault::kInternal, Side::kInternal, "broken");
  }

  Manner manner_;
  bool waits_;
};

// Begins whatever it was made with.
class Beginning final : public Plugin {
 public:
  using Begin = std::function<std::unique_ptr<Stage>()>;
  Beginning(std::string name, Begin begin) : name_(std::move(name)), begin_(std::move(begin)) {}
  std::string_view name() const noexcept override { return name_; }
  std::unique_ptr<Stage> begin(Exchange&) override { return begin_(); }

 private:
  std::string name_;
  Begin begin_;
};

class PipelineTest : public testing::TestWithParam<Manner> {
 protected:
  // What the figures say after one call that is cut after a while.
  std::string figures(bool waits) {
    Metrics metrics;
    const SteadyClock clock;
    std::vector<std::unique_ptr<Plugin>> plugins;
    plugins.push_back(std::make_unique<Beginning>(
        "failing", [waits] { return std::make_unique<Failing>(GetParam(), waits); }));
    Pipeline pipeline(std::move(plugins), metrics, clock);
    Exchange exchange;
    Stages stages(pipeline, exchange);
    asio::io_context loop;
    Spawner spawner(loop);
    const auto call = [&]() -> asio::awaitable<void> {
      MaybeTask<> advised = stages.on_upstream_request();
      if (advised.waits()) co_await advised.task();
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

// Answers whatever it is asked with its name.
class Answering final : public Plugin {
 public:
  explicit Answering(std::string name) : name_(std::move(name)) {}
  std::string_view name() const noexcept override { return name_; }
  asio::awaitable<Reply> on_endpoint(const Exchange&) override {
    std::string body = name_;
    co_return json_reply(200, std::move(body));
  }

 private:
  std::string name_;
};

TEST(Pipeline, AsksThePluginThatIsNamed) {
  Metrics metrics;
  const SteadyClock clock;
  std::vector<std::unique_ptr<Plugin>> plugins;
  for (const char* name : {"first", "second"}) plugins.push_back(std::make_unique<Answering>(name));
  Pipeline pipeline(std::move(plugins), metrics, clock);
  const Exchange exchange;
  const auto asked = [&](std::string_view name) {
    asio::io_context loop;
    Spawner spawner(loop);
    Reply reply;
    const auto ask = [&]() -> asio::awaitable<void> {
      auto call = pipeline.on_endpoint(name, exchange);
      reply = co_await std::move(call);
    };
    spawner.spawn("ask", ask());
    loop.run_for(10s);
    return reply;
  };
  ASSERT_TRUE(asked("second"));
  EXPECT_EQ(asked("second")->body, "second");
  EXPECT_EQ(asked("third"), nullptr);
  EXPECT_EQ(asked("app"), nullptr);
}

// Notes what happens to it.
class Noting final : public Stage {
 public:
  Noting(char name, std::string& notes) : name_(name), notes_(notes) {}
  ~Noting() override { note("gone"); }

  MaybeTask<Verdict> on_request(Exchange&) override {
    note("request");
    if (name_ == 'b') throw std::runtime_error("broken");
    if (name_ == 'c') return Verdict{to_reply(Error(Fault::kBadRequest, Side::kDownstream, ""))};
    return Verdict{Next{}};
  }
  MaybeTask<> on_route(Exchange&) override {
    note("route");
    return wait();
  }
  MaybeTask<> on_answer(Exchange&) override {
    note("answer");
    return Error(Fault::kInternal, Side::kInternal, "broken");
  }
  EventAction on_event(Exchange&, const openai::SseEvent&,
                       const openai::EventInfo&) noexcept override {
    note("event");
    return name_ == 'c' ? EventAction::kPause : EventAction::kForward;
  }
  void on_finish(const Exchange&, const Outcome&) noexcept override { note("finish"); }
  // Of each another thing.
  void explain(const Exchange&, Explanation& explanation) const override {
    explanation.say(static_cast<Explanation::Name>('e' - name_), std::string(1, name_));
  }

 private:
  void note(const char* what) { notes_ += std::string(1, name_) + ":" + what + " "; }
  Task<> wait() {
    co_await asio::post(asio::use_awaitable);
    if (name_ == 'b') co_return Error(Fault::kOverload, Side::kInternal, "full");
    co_return Result<>{};
  }

  char name_;
  std::string& notes_;
};

class StagesTest : public testing::Test {
 protected:
  StagesTest() {
    add("a", [this] { return std::make_unique<Noting>('a', notes_); });
    add("nothing", [] { return nullptr; });
    add("b", [this] { return std::make_unique<Noting>('b', notes_); });
    add("unable", []() -> std::unique_ptr<Stage> { throw std::runtime_error("no memory"); });
    add("c", [this] { return std::make_unique<Noting>('c', notes_); });
    add("d", [this] { return std::make_unique<Noting>('d', notes_); });
    pipeline_.emplace(std::move(plugins_), metrics_, clock_);
    stages_.emplace(*pipeline_, exchange_);
  }
  void add(const char* name, Beginning::Begin begin) {
    plugins_.push_back(std::make_unique<Beginning>(name, std::move(begin)));
  }
  // What has been noted meanwhile.
  std::string notes() { return std::exchange(notes_, {}); }
  bool was_skipped(const std::string& plugin, const std::string& phase) const {
    const std::string labels = "{phase=\"" + phase + "\",plugin=\"" + plugin + "\"} 1";
    return metrics_.text().find("plugin_skipped_total" + labels) != std::string::npos;
  }

  Metrics metrics_;
  SteadyClock clock_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::optional<Pipeline> pipeline_;
  std::string notes_;
  Exchange exchange_;
  std::optional<Stages> stages_;
};

TEST_F(StagesTest, RequestsGoDownTheListUntilOneReplies) {
  const auto verdict = test::run_now(stages_->on_request());
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(std::holds_alternative<Reply>(*verdict));
  EXPECT_EQ(notes(), "a:request b:request c:request ");
  EXPECT_TRUE(was_skipped("b", "on_request")) << metrics_.text();
  EXPECT_TRUE(was_skipped("unable", "begin"));
}

TEST_F(StagesTest, AFailingRouteEndsTheExchange) {
  const auto routed = test::run_now(stages_->on_route());
  ASSERT_FALSE(routed);
  EXPECT_EQ(routed.error().fault, Fault::kOverload);
  EXPECT_EQ(notes(), "a:route b:route ");
}

TEST_F(StagesTest, AnswersComeBackUp) {
  EXPECT_EQ(stages_->on_event(openai::SseEvent(), openai::EventInfo()), EventAction::kPause);
  EXPECT_EQ(notes(), "d:event c:event b:event a:event ");
  EXPECT_TRUE(test::run_now(stages_->on_answer()));
  EXPECT_EQ(notes(), "d:answer c:answer b:answer a:answer ");
  for (const char* const name : {"a", "b", "c", "d"}) EXPECT_TRUE(was_skipped(name, "on_answer"));
}

TEST_F(StagesTest, PhasesThatNoneHasAreNothing) {
  EXPECT_TRUE(test::run_now(stages_->on_count()));
  EXPECT_TRUE(test::run_now(stages_->on_upstream_request()));
  EXPECT_EQ(notes(), "");
}

TEST_F(StagesTest, TheyExplainInTheOrderOfTheList) {
  Explanation explanation;
  stages_->explain(explanation);
  std::string names;
  for (const auto& line : explanation.lines()) names += line.value;
  EXPECT_EQ(names, "abcd");
}

TEST_F(StagesTest, TheyDieAfterTheirEnd) {
  stages_->on_finish(Outcome());
  EXPECT_EQ(notes(), "d:finish c:finish b:finish a:finish ");
  stages_.reset();
  EXPECT_EQ(notes().size(), std::string("a:gone ").size() * 4);
}

}  // namespace
}  // namespace keep
