#include "plugins/history/zone/zone_keeper.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace keep::history {

namespace {

std::uint64_t key_of(const ConversationName& name) {
  return hash_combine(hash64(name.tenant), hash64(name.id));
}

AnchorMemory::Key key_of(const Identity& identity) {
  return {key_of(ConversationName{identity.tenant, identity.conversation}), hash64(identity.agent)};
}

Error too_long(Tokens needed, Tokens window) {
  return Error(Fault::kTooLong, Side::kDownstream,
               "prompt is too long: " + std::to_string(needed) + " tokens > " +
                   std::to_string(window) +
                   " maximum (the newest turn alone does not fit the model's window)");
}

// While nothing has been cut there is no past to recall, and no room for it is needed.
ZonePlan plan_within(const Budget& budget, const std::vector<Weight>& messages,
                     const Anchor& anchor, double low_water) {
  if (anchor == Anchor()) {
    const ZonePlan whole = plan_zone(messages, anchor, budget.whole, low_water);
    if (whole.verdict == ZonePlan::Verdict::kKept) return whole;
  }
  const ZonePlan plan = plan_zone(messages, anchor, budget.zone, low_water);
  if (plan.verdict != ZonePlan::Verdict::kTooLong) return plan;
  return plan_zone(messages, anchor, budget.limit, low_water);
}

Tokens scaled(Tokens tokens, double factor) {
  return static_cast<Tokens>(static_cast<double>(tokens) * factor);
}

}  // namespace

// The smallest: where the request will go is not decided yet.
Tokens ZoneKeeper::window() const {
  Tokens smallest = 0;
  const WindowLimits limits{settings_.window_tokens, settings_.pool_tokens};
  for (std::size_t i = 0; i < services_.upstreams.size(); ++i) {
    Upstream& upstream = services_.upstreams.at(i);
    const Tokens window = upstream.healthy() ? window_tokens(upstream.props(), limits) : 0;
    if (window > 0 && (smallest == 0 || window < smallest)) smallest = window;
  }
  return smallest;
}

Demand ZoneKeeper::demand_of(const Exchange& exchange, Tokens window, Tokens fixed) const {
  Demand demand;
  // What the estimates are short of is taken off the window.
  demand.window = scaled(window, 1 / bias_.factor());
  demand.fixed = fixed;
  const auto& asked = exchange.chat.max_tokens;
  if (asked && *asked >= 0) demand.max_tokens = asked;
  if (exchange.zone.stored) demand.recall = static_cast<Tokens>(settings_.recall_tokens);
  return demand;
}

void ZoneKeeper::note_overflow(Exchange& exchange) {
  metrics_.overflows.add();
  const Overflow& overflow = *exchange.overflow;
  bias_.learn(exchange.zone.prompt_tokens, overflow.prompt_tokens);
  log::warn("prompt was too long for upstream", {{"id", exchange.id},
                                                 {"estimated", exchange.zone.prompt_tokens},
                                                 {"tokens", overflow.prompt_tokens},
                                                 {"context", overflow.window}});
}

Task<> ZoneKeeper::plan(Exchange& exchange) {
  Tokens window = this->window();
  if (window == 0) co_return Result<>{};
  if (exchange.overflow) {
    note_overflow(exchange);
    if (exchange.overflow->window > 0) window = std::min(window, exchange.overflow->window);
  }
  ClearZone& zone = exchange.zone;
  const bool kept = zone.stored && !exchange.identity.auxiliary;
  const AnchorMemory::Key key = key_of(exchange.identity);
  const Anchor anchor = kept ? anchors_.find(key, zone.positions) : Anchor();
  const std::size_t from = zone.lead + anchor.first;
  const ZoneWeights weights = co_await weigh(exchange, services_.tokenizer, from, window);
  const Demand demand = demand_of(exchange, window, weights.fixed);
  const Budget budget = make_budget(demand);
  const ZonePlan plan = plan_within(budget, weights.messages, anchor, settings_.low_water);
  if (plan.verdict == ZonePlan::Verdict::kTooLong) {
    metrics_.too_long.add();
    co_return too_long(scaled(plan.tokens + weights.fixed, bias_.factor()), window);
  }
  if (plan.verdict == ZonePlan::Verdict::kMoved) {
    metrics_.cuts.add();
    if (kept) anchors_.put(key, plan.anchor, zone.positions);
  }
  zone.window = window;
  zone.recall_room = plan.anchor == Anchor() ? 0 : budget.recall;
  apply(exchange, plan, weights);
  metrics_.fog.observe(static_cast<double>(zone.fog_tokens));
  co_return Result<>{};
}

bool ZoneKeeper::knows(const ConversationName& name) const { return anchors_.knows(key_of(name)); }

void ZoneKeeper::restore(const ConversationName& name, const std::string& saved) {
  anchors_.restore(key_of(name), saved);
}

std::string ZoneKeeper::saved(const ConversationName& name) const {
  return anchors_.saved(key_of(name));
}

void ZoneKeeper::forget(const ConversationName& name) { anchors_.forget(key_of(name)); }

void ZoneKeeper::apply(Exchange& exchange, const ZonePlan& plan, const ZoneWeights& weights) {
  ClearZone& zone = exchange.zone;
  zone.planned = true;
  zone.moved = plan.verdict == ZonePlan::Verdict::kMoved;
  zone.first = zone.lead + plan.anchor.first;
  zone.head_begin = zone.lead + plan.anchor.head_begin;
  zone.head_end = zone.lead + plan.anchor.head_end;
  zone.prompt_tokens = weights.fixed + plan.tokens;
  zone.fog_tokens = std::max<Tokens>(0, zone.path_tokens - plan.tokens);
  if (plan.anchor == Anchor()) zone.fog_tokens = 0;
  for (std::size_t i = zone.lead; i < zone.first; ++i) {
    // Not push_back: GCC 12 takes the moved variant for uninitialized.
    if (!zone.keeps(i)) exchange.attempt_edits.emplace_back(openai::RemoveMessage{i});
  }
}

void ZoneKeeper::learn(const Exchange& exchange, const Outcome& outcome) noexcept {
  const auto& timings = exchange.answer.timings;
  if (!exchange.zone.planned || outcome.local || !timings) return;
  const auto& continuation = exchange.continuation;
  const Tokens begun = continuation ? continuation->tokens : 0;  // stands at the prompt's end
  const Tokens measured = timings->cache_n + timings->prompt_n - exchange.recalled.tokens - begun;
  bias_.learn(exchange.zone.prompt_tokens, measured);
}

}  // namespace keep::history
