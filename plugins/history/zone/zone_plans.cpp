#include "plugins/history/zone/zone_plans.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "exchange/prompt_length.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace keep::history {

namespace {

// Plans are put right by what they turn out to be, so often; then upstream decides.
constexpr int kMaxRounds = 3;
// A text of so many bytes for each token of the window is not counted: it does not fit.
constexpr std::size_t kMostBytesPerToken = 16, kAlwaysCounted = 1 << 20;

AnchorMemory::Key key_of(const Identity& identity) {
  return {identity.hash(), hash64(identity.agent)};
}

// Calls beside a conversation and those without one have nothing in common with the one before.
std::uint64_t prompt_of(const Identity& identity) {
  if (identity.conversation.empty() || identity.auxiliary) return 0;
  return identity.owner();
}

Anchor anchor_in(const ClearZone& zone) {
  return {zone.head_begin - zone.lead, zone.head_end - zone.lead, zone.first - zone.lead};
}

openai::BodyEdits removals(const Exchange& exchange, const Anchor& anchor) {
  openai::BodyEdits edits;
  const std::size_t lead = exchange.zone.lead;
  for (std::size_t i = 0; i < anchor.first; ++i) {
    // Not push_back: GCC 12 takes the moved variant for uninitialized.
    if (i < anchor.head_begin || i >= anchor.head_end) {
      edits.emplace_back(openai::RemoveMessage{lead + i});
    }
  }
  return edits;
}

// Tokens of what stands in that prompt because it was recalled.
Tokens recalled_from(const Exchange& exchange, const Anchor& anchor) {
  const std::size_t lead = exchange.zone.lead;
  Tokens tokens = 0;
  if (exchange.zone.bare) return tokens;
  for (const RecalledBefore& before : exchange.recalled_before) {
    const std::size_t i = before.message - std::min(before.message, lead);
    if (anchor.keeps(i)) tokens += before.tokens;
  }
  return tokens;
}

// While nothing has been cut there is no past to recall, and no room for it is needed.
Tokens room_from(const Budget& budget, const Anchor& anchor) {
  return anchor == Anchor() ? budget.whole : budget.zone;
}

std::size_t bytes_sent(const Exchange& exchange) noexcept {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < exchange.chat.messages.size(); ++i) {
    if (exchange.zone.keeps(i)) bytes += exchange.chat.messages[i].text_bytes;
  }
  return bytes;
}

struct Cut {
  ZonePlan plan;
  Tokens room = 0;  // of its prompt
};

Cut plan_within(const Budget& budget, const ZoneWeights& weights, const Anchor& anchor,
                double low_water) {
  const auto within = [&](Tokens room) {
    return Cut{plan_zone(weights.messages, anchor, room - weights.fixed, low_water), room};
  };
  if (anchor == Anchor()) {
    const Cut whole = within(budget.whole);
    if (whole.plan.verdict == ZonePlan::Verdict::kKept) return whole;
  }
  const Cut cut = within(budget.zone);
  if (cut.plan.verdict != ZonePlan::Verdict::kTooLong) return cut;
  return within(budget.limit);
}

}  // namespace

// What every server that suits the exchange gives a slot, unless less is wanted.
ZonePlans::Window ZonePlans::window_for(const Exchange& exchange) const {
  const Route& route = exchange.route;
  Window window{route.demand.window, false};
  const auto asked = static_cast<Tokens>(settings_.window_tokens);
  if (asked > 0 && (window.tokens == 0 || asked < window.tokens)) window.tokens = asked;
  if (window.tokens == 0) return window;
  window.ours = window.tokens != servers_.upstreams.at(route.upstream).props().n_ctx;
  if (exchange.overflow && exchange.overflow->window > 0) {
    window.tokens = std::min(window.tokens, exchange.overflow->window);
  }
  return window;
}

Budget ZonePlans::budget_for(const Exchange& exchange, Tokens window) const {
  Demand demand;
  demand.window = window;
  const auto& asked = exchange.chat.max_tokens;
  if (asked && *asked >= 0) demand.max_tokens = asked;
  if (exchange.zone.stored) demand.recall = static_cast<Tokens>(settings_.recall_tokens);
  return make_budget(demand);
}

void ZonePlans::note_overflow(const Exchange& exchange) {
  metrics_.overflows.add();
  log::warn("prompt was too long for upstream", {{"id", exchange.id},
                                                 {"estimated", exchange.zone.prompt_tokens},
                                                 {"tokens", exchange.overflow->prompt_tokens},
                                                 {"context", exchange.overflow->window}});
}

// Another attempt begins where the one before it began.
ZonePlans::Planning ZonePlans::begin(const Exchange& exchange, const Window& window) {
  const ClearZone& zone = exchange.zone;
  Planning planning;
  planning.window = window;
  planning.budget = budget_for(exchange, window.tokens);
  planning.prompt = prompt_of(exchange.identity);
  if (zone.planned) {
    planning.anchor = anchor_in(zone);
  } else if (zone.stored && !exchange.identity.auxiliary) {
    planning.anchor = anchors_.find(key_of(exchange.identity), zone.positions);
  }
  planning.guessed = guess_weights(exchange, servers_.tokenizer);
  const Tokens guessed = tokens_from(planning.guessed, planning.anchor);
  if (exchange.overflow && planning.prompt != 0) {
    const Tokens lasting = exchange.overflow->prompt_tokens - exchange.recalled.tokens;
    estimates_.measured(planning.prompt, guessed, lasting);
  }
  planning.estimate = estimates_.of(planning.prompt, guessed);
  planning.tokens = planning.estimate.likely;
  planning.plan.anchor = planning.anchor;
  return planning;
}

MaybeTask<> ZonePlans::plan(Exchange& exchange) {
  const Window window = window_for(exchange);
  if (window.tokens == 0) return Result<>{};
  if (exchange.overflow) note_overflow(exchange);
  Planning planning = begin(exchange, window);
  const Tokens room = room_from(planning.budget, planning.anchor);
  if (exchange.overflow || planning.estimate.at_most > room) {
    return plan_closely(exchange, std::move(planning), room);
  }
  apply(exchange, planning);
  return Result<>{};
}

// It may not fit, and may have to be counted.
Task<> ZonePlans::plan_closely(Exchange& exchange, Planning planning, Tokens room) {
  const Tokens guessed = tokens_from(planning.guessed, planning.anchor);
  bool fits = false;
  std::optional<Tokens> measured;
  if (exchange.overflow) {
    if (exchange.overflow->prompt_tokens > 0) measured = exchange.overflow->prompt_tokens;
  } else if (countable(planning, guessed)) {
    measured = co_await measure(exchange, planning, planning.anchor);
    fits = measured ? *measured <= room : !planning.window.ours;
    if (measured) planning.tokens = *measured;
  }
  if (!fits) {
    const auto cut = co_await this->cut(exchange, planning, measured);
    if (!cut) co_return cut.error();
  }
  apply(exchange, planning);
  co_return Result<>{};
}

bool ZonePlans::countable(const Planning& planning, Tokens guessed) {
  const auto window = static_cast<std::size_t>(planning.window.tokens);
  const auto bytes = static_cast<std::size_t>(static_cast<double>(guessed) / kTokensPerByte);
  return bytes <= std::max(kAlwaysCounted, window * kMostBytesPerToken);
}

asio::awaitable<std::optional<Tokens>> ZonePlans::measure(const Exchange& exchange,
                                                          const Planning& planning,
                                                          const Anchor& anchor) {
  const Tokens guessed = tokens_from(planning.guessed, anchor);
  if (!countable(planning, guessed)) co_return std::nullopt;
  const openai::BodyEdits edits = removals(exchange, anchor);
  auto counted = co_await counter_.count(exchange, edits);
  if (!counted) co_return counted;
  *counted += recalled_from(exchange, anchor);
  if (planning.prompt != 0) estimates_.measured(planning.prompt, guessed, *counted);
  co_return counted;
}

// `measured`: of the prompt from planning.anchor on, where that is known.
Task<> ZonePlans::cut(Exchange& exchange, Planning& planning, std::optional<Tokens> measured) {
  const std::size_t from = exchange.zone.lead + planning.anchor.first;
  auto counted = co_await count_weights(exchange, servers_.tokenizer, from, planning.window.tokens);
  ZoneWeights weights = std::move(counted.weights);
  if (planning.prompt != 0 && counted.tokens_per_byte > 0) {
    estimates_.counted(planning.prompt, counted.tokens_per_byte);
  }
  if (measured || planning.estimate.measured) {
    correct(weights, planning.anchor, measured.value_or(planning.estimate.likely));
  }
  Anchor known = planning.anchor;
  for (int round = 0; round < kMaxRounds; ++round) {
    const Cut cut = plan_within(planning.budget, weights, planning.anchor, settings_.low_water);
    planning.plan = cut.plan;
    const Anchor anchor = cut.plan.anchor;
    planning.tokens = tokens_from(weights, anchor);
    if (!measured || anchor != known) measured = co_await measure(exchange, planning, anchor);
    if (!measured) co_return Result<>{};
    known = anchor;
    planning.tokens = *measured;
    if (*measured <= cut.room) co_return Result<>{};
    if (cut.plan.verdict == ZonePlan::Verdict::kTooLong) {
      co_return refuse(exchange, *measured, planning.window.tokens);
    }
    correct(weights, anchor, *measured);
  }
  co_return Result<>{};
}

// What was recalled is worth less than an answer: without it the prompt may fit.
Result<> ZonePlans::refuse(Exchange& exchange, Tokens needed, Tokens window) {
  ClearZone& zone = exchange.zone;
  const bool recalled = exchange.recalled.tokens > 0 || !exchange.recalled_before.empty();
  if (recalled && !zone.bare) {
    zone.bare = true;
    return {};
  }
  metrics_.too_long.add();
  return Error(Fault::kTooLong, Side::kDownstream,
               "prompt is too long: " + std::to_string(needed) + " tokens > " +
                   std::to_string(window) +
                   " maximum (the newest turn alone does not fit the model's window)");
}

bool ZonePlans::knows(const ConversationName& name) const { return anchors_.knows(hash_of(name)); }

void ZonePlans::restore(const ConversationName& name, const std::string& saved) {
  anchors_.restore(hash_of(name), saved);
}

std::string ZonePlans::saved(const ConversationName& name) const {
  return anchors_.saved(hash_of(name));
}

void ZonePlans::forget(const ConversationName& name) { anchors_.forget(hash_of(name)); }

void ZonePlans::apply(Exchange& exchange, const Planning& planning) {
  ClearZone& zone = exchange.zone;
  const Anchor& anchor = planning.plan.anchor;
  const bool moved = anchor != planning.anchor;
  if (moved) {
    metrics_.cuts.add();
    if (zone.stored && !exchange.identity.auxiliary) {
      anchors_.put(key_of(exchange.identity), anchor, zone.positions);
    }
  }
  zone.moved = moved || (zone.planned && zone.moved);
  zone.planned = true;
  zone.first = zone.lead + anchor.first;
  zone.head_begin = zone.lead + anchor.head_begin;
  zone.head_end = zone.lead + anchor.head_end;
  zone.window = planning.window.tokens;
  zone.recall_room = anchor == Anchor() || zone.bare ? 0 : planning.budget.recall;
  zone.prompt_tokens = planning.tokens;
  zone.guessed_tokens = tokens_from(planning.guessed, anchor);
  const double counted = estimates_.tokens_per_byte(planning.prompt);
  zone.tokens_per_byte = counted > 0 ? counted : kTokensPerByte;
  const Tokens sent = zone.guessed_tokens - planning.guessed.fixed;
  const double left_out = static_cast<double>(std::max<Tokens>(0, zone.path_tokens - sent));
  zone.fog_tokens = anchor == Anchor()
                        ? 0
                        : static_cast<Tokens>(left_out * zone.tokens_per_byte / kTokensPerByte);
  metrics_.fog.observe(static_cast<double>(zone.fog_tokens));
  for (openai::BodyEdit& edit : removals(exchange, anchor)) {
    exchange.attempt_edits.push_back(std::move(edit));
  }
}

// Some upstreams leave out of their usage what was cached.
void ZonePlans::learn(const Exchange& exchange) noexcept {
  const std::uint64_t prompt = prompt_of(exchange.identity);
  const auto measured = measured_prompt(exchange);
  if (!exchange.zone.planned || !measured || prompt == 0) return;
  if (!is_count_of(bytes_sent(exchange), *measured)) return;
  const Tokens lasting = *measured - exchange.recalled.tokens;
  estimates_.measured(prompt, exchange.zone.guessed_tokens, lasting);
}

}  // namespace keep::history
