// ZoneKeeper: plans the clear zone of each attempt and remembers what that takes. Loop thread only.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/outcome.hpp"
#include "exchange/services.hpp"
#include "plugins/history/history_metrics.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/history/zone/anchor_memory.hpp"
#include "plugins/history/zone/zone_budget.hpp"
#include "plugins/history/zone/zone_weights.hpp"

#include <cstdint>
#include <string>

namespace keep::history {

class ZoneKeeper {
 public:
  static constexpr std::size_t kMaxAnchors = 16384;

  ZoneKeeper(Services& services, const HistorySettings& settings, HistoryMetrics& metrics)
      : services_(services), settings_(settings), metrics_(metrics) {}

  // Fills the plan of exchange.zone and adds the edits that remove what does not go. Nothing is
  // planned while no upstream has told its context. Fault::kTooLong: see zone_planner.hpp.
  Task<> plan(Exchange& exchange);
  // Where the zones of a conversation begin, over a restart: Sidecar::kZone. What it does not know
  // is to be restored before plan(), and written down after one that moved the zone.
  bool knows(const ConversationName& name) const;
  void restore(const ConversationName& name, const std::string& saved);
  std::string saved(const ConversationName& name) const;
  void forget(const ConversationName& name);

  // How long the prompt really was.
  void learn(const Exchange& exchange, const Outcome& outcome) noexcept;

 private:
  Tokens window() const;
  Demand demand_of(const Exchange& exchange, Tokens window, Tokens fixed) const;
  void note_overflow(Exchange& exchange);
  static void apply(Exchange& exchange, const ZonePlan& plan, const ZoneWeights& weights);

  Services& services_;
  const HistorySettings& settings_;
  HistoryMetrics& metrics_;
  AnchorMemory anchors_{kMaxAnchors};
  PromptBias bias_;
};

}  // namespace keep::history
