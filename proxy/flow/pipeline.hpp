// Pipeline: the plugins. Stages: what they do for one exchange, called phase by phase. Requests go
// down the list, answers come back up.
//
// A stage that fails where it is advice (exchange/stage.hpp), or by throwing, is skipped for that
// phase, counted, and logged at most once a minute. A phase that is cut short is none of that: it
// throws what cut it. Loop thread only.
#pragma once

#include "base/metrics.hpp"
#include "exchange/plugin.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

class Pipeline {
 public:
  Pipeline(std::vector<std::unique_ptr<Plugin>> plugins, Metrics& metrics, const Clock& clock);

  Task<> start();
  Task<> stop();

  // What the plugin of that name answers; nullptr: nothing, or it is switched off.
  asio::awaitable<Reply> on_endpoint(std::string_view name, const Exchange& exchange);
  void report(json::Writer& health) const;
  bool degraded() const;

 private:
  friend class Stages;
  void skipped(const Plugin& plugin, const char* phase, const std::string& why);

  std::vector<std::unique_ptr<Plugin>> plugins_;
  Metrics& metrics_;
  const Clock& clock_;
  std::map<std::string, Instant, std::less<>> last_logged_;
};

// In the frame of who runs the exchange; the stages die with it.
class Stages {
 public:
  // Has each plugin begin. Pipeline and exchange outlive this.
  Stages(Pipeline& pipeline, Exchange& exchange);
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;

  MaybeTask<Verdict> on_request();
  MaybeTask<> on_count();
  MaybeTask<> on_route();
  MaybeTask<> on_upstream_request();
  EventAction on_event(const openai::SseEvent& event, const openai::EventInfo& info) noexcept;
  asio::awaitable<PauseVerdict> on_pause();
  MaybeTask<> on_answer();
  void on_finish(const Outcome& outcome) noexcept;
  void explain(Explanation& explanation) const;

 private:
  struct Begun {
    Plugin& plugin;
    std::unique_ptr<Stage> stage;
  };
  // A phase of all stages, where each may fail for itself.
  struct Advice {
    MaybeTask<> (Stage::*phase)(Exchange&);
    const char* name;
    bool upwards = false;  // answers come back up
  };

  std::unique_ptr<Stage> begin(Plugin& plugin);
  // The rest of a phase, from the stage on whose call waits or has failed.
  Task<Verdict> request_from(std::size_t at, MaybeTask<Verdict> call);
  Task<> route_from(std::size_t at, MaybeTask<> call);
  MaybeTask<> advise(Advice advice);
  Task<> advise_from(Advice advice, std::size_t at, MaybeTask<> call);
  const Begun& begun(const Advice& advice, std::size_t at) const;

  Pipeline& pipeline_;
  Exchange& exchange_;
  std::vector<Begun> begun_;  // in list order
};

}  // namespace keep
