// ZonePlans: plans the clear zone of each attempt and remembers what that takes. Loop thread only.
//
// A prompt that is surely below its budget goes as it is. Near it llama-server is asked how long it
// really is, and only what is known is acted on: nothing is cut or refused because of a guess.
// Where nobody can count, upstream decides, and its refusal (exchange.overflow) has the numbers.
#pragma once

#include "base/async/maybe_task.hpp"
#include "exchange/exchange.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/outcome.hpp"
#include "plugins/history/history_metrics.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/history/zone/anchor_memory.hpp"
#include "plugins/history/zone/prompt_counter.hpp"
#include "plugins/history/zone/prompt_estimates.hpp"
#include "plugins/history/zone/zone_budget.hpp"
#include "plugins/history/zone/zone_weights.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace keep::history {

class ZonePlans {
 public:
  static constexpr std::size_t kMaxAnchors = 16384;

  ZonePlans(Services& services, const Servers& servers, const HistorySettings& settings,
            HistoryMetrics& metrics)
      : servers_(servers), settings_(settings), metrics_(metrics), counter_(services, servers) {}

  // Fills the plan of exchange.zone and adds the edits that remove what does not go. Nothing is
  // planned while no upstream has told its context. Fault::kTooLong: see zone_planner.hpp.
  MaybeTask<> plan(Exchange& exchange);
  // Where the zones of a conversation begin, over a restart: Sidecar::kZone. What it does not know
  // is to be restored before plan(), and written down after one that moved the zone.
  bool knows(const ConversationName& name) const;
  void restore(const ConversationName& name, const std::string& saved);
  std::string saved(const ConversationName& name) const;
  void forget(const ConversationName& name);

  // How long the prompt really was.
  void learn(const Exchange& exchange) noexcept;

 private:
  struct Window {
    Tokens tokens = 0;
    bool ours = false;  // upstream would take more, so it will not refuse what is too long
  };
  // What is known while one attempt is planned.
  struct Planning {
    Window window;
    Budget budget;
    Anchor anchor;             // where the zone begins at present
    std::uint64_t prompt = 0;  // its name in estimates_; 0: it has none
    ZoneWeights guessed;
    PromptEstimates::Estimate estimate;
    ZonePlan plan;      // what is to go
    Tokens tokens = 0;  // of the whole prompt, as well as is known
  };

  Window window_for(const Exchange& exchange) const;
  Planning begin(const Exchange& exchange, const Window& window);
  Task<> plan_closely(Exchange& exchange, Planning planning, Tokens room);
  Budget budget_for(const Exchange& exchange, Tokens window) const;
  static bool countable(const Planning& planning, Tokens guessed);
  // Of the prompt when the zone begins there, with what was recalled before.
  asio::awaitable<std::optional<Tokens>> measure(const Exchange& exchange, const Planning& planning,
                                                 const Anchor& anchor);
  Task<> cut(Exchange& exchange, Planning& planning, std::optional<Tokens> measured);
  Result<> refuse(Exchange& exchange, Tokens needed, Tokens window);
  void note_overflow(const Exchange& exchange);
  void apply(Exchange& exchange, const Planning& planning);

  const Servers& servers_;
  const HistorySettings& settings_;
  HistoryMetrics& metrics_;
  PromptCounter counter_;
  AnchorMemory anchors_{kMaxAnchors};
  PromptEstimates estimates_;
};

}  // namespace keep::history
