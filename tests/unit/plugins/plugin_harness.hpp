// What a plugin needs around it in a unit test: services that do nothing, a clock that is turned by
// hand, and exchanges made from a body.
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/plugin.hpp"
#include "openai/dialects/dialects.hpp"
#include "openai/request/chat_request.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace keep::test {

// Runs a coroutine, or a phase, to its end on a loop of its own.
template <class T>
Result<T> run_now(Task<T> task) {
  asio::io_context loop;
  std::optional<Result<T>> result;
  std::exception_ptr failure;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, Result<T> value) {
    failure = error;
    result.emplace(std::move(value));
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return *std::move(result);
}

template <class T>
Result<T> run_now(MaybeTask<T> call) {
  return call.waits() ? run_now(call.task()) : std::move(call.result());
}

// An exchange with the stage that one plugin has begun for it, if it has: the others do nothing.
class StagedExchange {
 public:
  StagedExchange(Plugin& plugin, std::unique_ptr<Exchange> exchange)
      : exchange_(std::move(exchange)), stage_(plugin.begin(*exchange_)) {}

  Exchange& operator*() const noexcept { return *exchange_; }
  Exchange* operator->() const noexcept { return exchange_.get(); }
  bool has_stage() const noexcept { return stage_ != nullptr; }

  void request() {
    if (stage_ && !run_now(stage_->on_request(*exchange_))) {
      throw std::runtime_error("on_request failed");
    }
  }
  Result<> upstream_request() {
    return stage_ ? run_now(stage_->on_upstream_request(*exchange_)) : Result<>{};
  }
  EventAction event(const openai::SseEvent& event, const openai::EventInfo& info) {
    return stage_ ? stage_->on_event(*exchange_, event, info) : EventAction::kForward;
  }
  Headers explain() const {
    Explanation explanation;
    if (stage_) stage_->explain(*exchange_, explanation);
    Headers headers;
    for (const auto& line : explanation.lines()) headers.add(header_of(line.name), line.value);
    return headers;
  }
  // The stage is gone afterwards.
  void finish(const Outcome& outcome = Outcome()) {
    if (stage_) stage_->on_finish(*exchange_, outcome);
    stage_.reset();
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Stage> stage_;
};

class PluginHarness : private FakeServices {
 public:
  // `make(services)` gives the plugin.
  template <class Make>
  explicit PluginHarness(Make make) : plugin_(make(services_)) {
    if (!run_now(plugin_->start())) throw std::runtime_error("the plugin did not start");
  }

  Plugin& plugin() noexcept { return *plugin_; }
  HandClock& clock() noexcept { return clock_; }
  FaultyFileSystem& files() noexcept { return files_; }
  std::string metrics() const { return metrics_.text(); }

  StagedExchange begin(std::unique_ptr<Exchange> exchange) {
    return StagedExchange(*plugin_, std::move(exchange));
  }

 private:
  std::unique_ptr<Plugin> plugin_;
};

// On the heap: what is parsed points into it.
inline std::unique_ptr<Exchange> make_exchange(std::string body, std::string tenant = "t",
                                               Headers headers = {},
                                               openai::Surface surface = openai::Surface::kChat) {
  auto exchange = std::make_unique<Exchange>();
  exchange->id = "req-1";
  exchange->identity.tenant = std::move(tenant);
  exchange->request.headers = std::move(headers);
  exchange->dialect = surface == openai::Surface::kChat ? &openai::dialects::chat()
                                                        : &openai::dialects::completion();
  exchange->surface = surface;
  exchange->chat_body = std::move(body);
  auto chat = openai::parse_chat_request(exchange->chat_body, surface);
  if (!chat) throw std::runtime_error(chat.error().detail);
  exchange->chat = *std::move(chat);
  return exchange;
}

inline void set_answer(Exchange& exchange, std::string text, bool complete = true) {
  exchange.attempt = 1;
  exchange.answer.text = std::move(text);
  exchange.answer.complete = complete;
  exchange.answer.output_events = 1;
  if (complete) exchange.answer.finish_reason = "stop";
}

inline Headers headers_of(std::initializer_list<std::pair<const char*, const char*>> fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

// {"role":...,"content":...} messages from role-text pairs, as a chat body.
inline std::string chat_body(const std::vector<std::pair<std::string, std::string>>& messages,
                             const std::string& more = "") {
  std::string body = "{\"model\":\"m\",\"messages\":[";
  for (const auto& [role, text] : messages) {
    if (body.back() != '[') body += ',';
    body += "{\"role\":" + json::quoted(role) + ",\"content\":" + json::quoted(text) + "}";
  }
  return body + "]" + more + "}";
}

}  // namespace keep::test
