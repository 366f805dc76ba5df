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

// One call of a plugin, with what it throws turned into an Error. A call that was cut short (the
// client left, a limit passed) has not failed: the cut goes on to whoever made it.
template <class T>
Task<T> guarded(Task<T> call) {
  Result<T> result = Error();
  try {
    result = co_await std::move(call);
  } catch (const std::exception& e) {
    result = Error(Fault::kInternal, Side::kInternal, e.what());
  }
  if (result) co_return result;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return result;
}

}  // namespace

Pipeline::Pipeline(std::vector<std::unique_ptr<Plugin>> plugins, Metrics& metrics)
    : plugins_(std::move(plugins)), metrics_(metrics) {}

Task<> Pipeline::start(Services& services) {
  for (const auto& plugin : plugins_) {
    auto call = plugin->start(services);
    const auto started = co_await guarded(std::move(call));
    if (!started) co_return started.error();
  }
  co_return Result<>{};
}

Task<> Pipeline::stop() {
  for (const auto& plugin : boost::adaptors::reverse(plugins_)) {
    auto call = plugin->stop();
    const auto stopped = co_await guarded(std::move(call));
    if (!stopped) skipped(*plugin, "stop", stopped.error().detail);
  }
  co_return Result<>{};
}

Task<Verdict> Pipeline::on_request(Exchange& exchange) {
  for (const auto& plugin : plugins_) {
    auto call = plugin->on_request(exchange);
    auto verdict = co_await guarded(std::move(call));
    if (!verdict) {
      skipped(*plugin, "on_request", verdict.error().detail);
    } else if (std::holds_alternative<Reply>(*verdict)) {
      co_return verdict;
    }
  }
  co_return Verdict{Next{}};
}

Task<> Pipeline::on_count(Exchange& exchange) {
  for (const auto& plugin : plugins_) {
    auto call = plugin->on_count(exchange);
    const auto done = co_await guarded(std::move(call));
    if (!done) skipped(*plugin, "on_count", done.error().detail);
  }
  co_return Result<>{};
}

Task<> Pipeline::on_route(Exchange& exchange) {
  for (const auto& plugin : plugins_) {
    auto call = plugin->on_route(exchange);
    auto routed = co_await guarded(std::move(call));
    if (!routed) co_return routed.error();
  }
  co_return Result<>{};
}

Task<> Pipeline::on_upstream_request(Exchange& exchange) {
  for (const auto& plugin : plugins_) {
    auto call = plugin->on_upstream_request(exchange);
    const auto done = co_await guarded(std::move(call));
    if (!done) skipped(*plugin, "on_upstream_request", done.error().detail);
  }
  co_return Result<>{};
}

EventAction Pipeline::on_event(Exchange& exchange, const openai::SseEvent& event,
                               const openai::EventInfo& info) noexcept {
  EventAction action = EventAction::kForward;
  for (const auto& plugin : boost::adaptors::reverse(plugins_)) {
    const EventAction wish = plugin->on_event(exchange, event, info);
    if (wish != EventAction::kForward) action = wish;
  }
  return action;
}

asio::awaitable<Resumption> Pipeline::on_pause(Exchange& exchange) {
  Resumption resumption = Resumption::kGoOn;
  for (const auto& plugin : boost::adaptors::reverse(plugins_)) {
    auto call = plugin->on_pause(exchange);
    const auto wish = co_await guarded(std::move(call));
    if (!wish) skipped(*plugin, "on_pause", wish.error().detail);
    if (wish && *wish == Resumption::kResubmit) resumption = *wish;
  }
  co_return resumption;
}

Task<> Pipeline::on_answer(Exchange& exchange) {
  for (const auto& plugin : boost::adaptors::reverse(plugins_)) {
    auto call = plugin->on_answer(exchange);
    const auto done = co_await guarded(std::move(call));
    if (!done) skipped(*plugin, "on_answer", done.error().detail);
  }
  co_return Result<>{};
}

asio::awaitable<Reply> Pipeline::on_endpoint(const Exchange& exchange) {
  for (const auto& plugin : plugins_) {
    auto call = plugin->on_endpoint(exchange);
    Reply reply = co_await std::move(call);
    if (reply) co_return reply;
  }
  co_return nullptr;
}

void Pipeline::report(json::Writer& health) const {
  for (const auto& plugin : plugins_) plugin->report(health);
}

bool Pipeline::degraded() const {
  return std::ranges::any_of(plugins_, [](const auto& plugin) { return plugin->degraded(); });
}

void Pipeline::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  for (const auto& plugin : boost::adaptors::reverse(plugins_))
    plugin->on_finish(exchange, outcome);
}

void Pipeline::explain(const Exchange& exchange, Headers& headers) const {
  for (const auto& plugin : plugins_) plugin->explain(exchange, headers);
}

void Pipeline::skipped(const Plugin& plugin, const char* phase, const std::string& why) {
  const std::string name(plugin.name());
  metrics_
      .counter("plugin_skipped_total", "Plugin calls that failed and were skipped",
               {{"plugin", name}, {"phase", phase}})
      .add();
  const Instant now = std::chrono::steady_clock::now();
  Instant& last = last_logged_[name];
  if (last != Instant{} && now - last < std::chrono::minutes(1)) return;
  last = now;
  log::warn("plugin skipped", {{"plugin", name}, {"phase", phase}, {"why", why}});
}

}  // namespace keep
