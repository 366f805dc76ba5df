// Pipeline: the plugins, called phase by phase. Requests go down the list, answers come back up.
//
// A plugin that fails where it is advice (on_request, on_upstream_request, or by throwing) is
// skipped for that phase, counted, and logged at most once a minute. A phase that is cut short is
// none of that: it throws what cut it. Loop thread only.
#pragma once

#include "exchange/plugin.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace keep {

class Pipeline {
 public:
  Pipeline(std::vector<std::unique_ptr<Plugin>> plugins, Metrics& metrics);

  Task<> start(Services& services);
  Task<> stop();

  Task<Verdict> on_request(Exchange& exchange);
  Task<> on_count(Exchange& exchange);
  Task<> on_route(Exchange& exchange);
  Task<> on_upstream_request(Exchange& exchange);
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept;
  asio::awaitable<Resumption> on_pause(Exchange& exchange);
  Task<> on_answer(Exchange& exchange);
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept;
  // nullptr: no plugin's endpoint.
  asio::awaitable<Reply> on_endpoint(const Exchange& exchange);
  void report(json::Writer& health) const;
  bool degraded() const;
  void explain(const Exchange& exchange, Headers& headers) const;

 private:
  void skipped(const Plugin& plugin, const char* phase, const std::string& why);

  std::vector<std::unique_ptr<Plugin>> plugins_;
  Metrics& metrics_;
  std::map<std::string, Instant, std::less<>> last_logged_;
};

}  // namespace keep
