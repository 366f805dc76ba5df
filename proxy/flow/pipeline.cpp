#include "flow/pipeline.hpp"

#include "base/log.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/range/adaptor/reversed.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace keep {

namespace {

// One phase of a stage. What it throws before it waits is its result.
template <class T>
MaybeTask<T> called(Stage& stage, MaybeTask<T> (Stage::*phase)(Exchange&), Exchange& exchange) {
  try {
    return (stage.*phase)(exchange);
  } catch (const std::exception& e) {
    return Error(Fault::kInternal, Side::kInternal, e.what());
  }
}

// The rest of a call that waits or has failed, with what it throws turned into an Error. One that
// was cut short (the client left, a limit passed) has not failed: the cut goes on to whoever made
// it.
template <class T>
Task<T> guarded(MaybeTask<T> call) {
  Result<T> result = std::move(call.result());
  if (call.waits()) {
    auto task = call.task();
    try {
      result = co_await std::move(task);
    } catch (const std::exception& e) {
      result = Error(Fault::kInternal, Side::kInternal, e.what());
    }
  }
  if (result) co_return result;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return result;
}

// Nothing is left to do of a call that has gone well at once.
template <class T>
bool is_done(MaybeTask<T>& call) noexcept {
  return !call.waits() && call.result();
}

}  // namespace

Pipeline::Pipeline(std::vector<std::unique_ptr<Plugin>> plugins, Metrics& metrics,
                   const Clock& clock)
    : plugins_(std::move(plugins)), metrics_(metrics), clock_(clock) {}

Task<> Pipeline::start() {
  for (const auto& plugin : plugins_) {
    MaybeTask<> call = plugin->start();
    const auto started = co_await guarded(std::move(call));
    if (!started) co_return started.error();
  }
  co_return Result<>{};
}

Task<> Pipeline::stop() {
  for (const auto& plugin : boost::adaptors::reverse(plugins_)) {
    MaybeTask<> call = plugin->stop();
    const auto stopped = co_await guarded(std::move(call));
    if (!stopped) skipped(*plugin, "stop", stopped.error().detail);
  }
  co_return Result<>{};
}

asio::awaitable<Reply> Pipeline::on_endpoint(std::string_view name, const Exchange& exchange) {
  for (const auto& plugin : plugins_) {
    if (plugin->name() != name) continue;
    auto call = plugin->on_endpoint(exchange);
    co_return co_await std::move(call);
  }
  co_return nullptr;
}

void Pipeline::report(json::Writer& health) const {
  for (const auto& plugin : plugins_) plugin->report(health);
}

bool Pipeline::degraded() const {
  return std::ranges::any_of(plugins_, [](const auto& plugin) { return plugin->degraded(); });
}

void Pipeline::skipped(const Plugin& plugin, const char* phase, const std::string& why) {
  const std::string name(plugin.name());
  metrics_
      .counter("plugin_skipped_total", "Plugin calls that failed and were skipped",
               {{"plugin", name}, {"phase", phase}})
      .add();
  const Instant now = clock_.now();
  Instant& last = last_logged_[name];
  if (last != Instant{} && now - last < std::chrono::minutes(1)) return;
  last = now;
  log::warn("plugin skipped", {{"plugin", name}, {"phase", phase}, {"why", why}});
}

Stages::Stages(Pipeline& pipeline, Exchange& exchange) : pipeline_(pipeline), exchange_(exchange) {
  begun_.reserve(pipeline_.plugins_.size());
  for (const auto& plugin : pipeline_.plugins_) {
    if (auto stage = begin(*plugin)) begun_.push_back({*plugin, std::move(stage)});
  }
}

std::unique_ptr<Stage> Stages::begin(Plugin& plugin) {
  try {
    return plugin.begin(exchange_);
  } catch (const std::exception& e) {
    pipeline_.skipped(plugin, "begin", e.what());
    return nullptr;
  }
}

MaybeTask<Verdict> Stages::on_request() {
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    auto call = called(*begun_[i].stage, &Stage::on_request, exchange_);
    if (!is_done(call)) return request_from(i, std::move(call));
    if (std::holds_alternative<Reply>(*call.result())) return call;
  }
  return Verdict{Next{}};
}

Task<Verdict> Stages::request_from(std::size_t at, MaybeTask<Verdict> call) {
  for (;;) {
    if (!is_done(call)) call = co_await guarded(std::move(call));
    const Result<Verdict>& verdict = call.result();
    if (!verdict) {
      pipeline_.skipped(begun_[at].plugin, "on_request", verdict.error().detail);
    } else if (std::holds_alternative<Reply>(*verdict)) {
      co_return verdict;
    }
    if (++at == begun_.size()) co_return Verdict{Next{}};
    call = called(*begun_[at].stage, &Stage::on_request, exchange_);
  }
}

MaybeTask<> Stages::on_route() {
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    auto call = called(*begun_[i].stage, &Stage::on_route, exchange_);
    if (!is_done(call)) return route_from(i, std::move(call));
  }
  return Result<>{};
}

Task<> Stages::route_from(std::size_t at, MaybeTask<> call) {
  for (;;) {
    if (!is_done(call)) call = co_await guarded(std::move(call));
    if (!call.result() || ++at == begun_.size()) co_return call.result();
    call = called(*begun_[at].stage, &Stage::on_route, exchange_);
  }
}

const Stages::Begun& Stages::begun(const Advice& advice, std::size_t at) const {
  return begun_[advice.upwards ? begun_.size() - 1 - at : at];
}

MaybeTask<> Stages::advise(Advice advice) {
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    auto call = called(*begun(advice, i).stage, advice.phase, exchange_);
    if (!is_done(call)) return advise_from(advice, i, std::move(call));
  }
  return Result<>{};
}

Task<> Stages::advise_from(Advice advice, std::size_t at, MaybeTask<> call) {
  for (;;) {
    if (!is_done(call)) call = co_await guarded(std::move(call));
    const Result<>& done = call.result();
    if (!done) {
      pipeline_.skipped(begun(advice, at).plugin, advice.name, done.error().detail);
    }
    if (++at == begun_.size()) co_return Result<>{};
    call = called(*begun(advice, at).stage, advice.phase, exchange_);
  }
}

MaybeTask<> Stages::on_count() { return advise({&Stage::on_count, "on_count"}); }

MaybeTask<> Stages::on_upstream_request() {
  return advise({&Stage::on_upstream_request, "on_upstream_request"});
}

MaybeTask<> Stages::on_answer() { return advise({&Stage::on_answer, "on_answer", true}); }

EventAction Stages::on_event(const openai::SseEvent& event,
                             const openai::EventInfo& info) noexcept {
  EventAction action = EventAction::kForward;
  for (const auto& [plugin, stage] : boost::adaptors::reverse(begun_)) {
    const EventAction wish = stage->on_event(exchange_, event, info);
    if (wish != EventAction::kForward) action = wish;
  }
  return action;
}

asio::awaitable<PauseVerdict> Stages::on_pause() {
  PauseVerdict verdict = PauseVerdict::kGoOn;
  for (const auto& [plugin, stage] : boost::adaptors::reverse(begun_)) {
    auto call = called(*stage, &Stage::on_pause, exchange_);
    if (!is_done(call)) call = co_await guarded(std::move(call));
    const Result<PauseVerdict>& wish = call.result();
    if (!wish) pipeline_.skipped(plugin, "on_pause", wish.error().detail);
    if (wish && *wish == PauseVerdict::kResubmit) verdict = *wish;
  }
  co_return verdict;
}

void Stages::on_finish(const Outcome& outcome) noexcept {
  for (const auto& [plugin, stage] : boost::adaptors::reverse(begun_)) {
    stage->on_finish(exchange_, outcome);
  }
}

void Stages::explain(Explanation& explanation) const {
  for (const auto& [plugin, stage] : begun_) stage->explain(exchange_, explanation);
}

}  // namespace keep
