#include "plugins/slots/table/kv_budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_map>

namespace keep::slots {

namespace {

// What chat templates put around a conversation and around each message.
constexpr double kTokensAround = 32, kTokensPerMessage = 8;
constexpr std::uint64_t kTooShortToTell = 256;
constexpr double kUsualRatio = 0.5;  // seldom exceeded by text
constexpr double kMargin = 1.1, kMinRatio = 0.05, kMaxRatio = 2.0;
constexpr Tokens kDefaultOutput = 1024;
// A slot that was parked holds a token or two: nothing to be had there.
constexpr Tokens kFiller = 8;

double around(const PromptText& text) {
  return kTokensAround + kTokensPerMessage * static_cast<double>(text.messages);
}

std::vector<bool> idle_slots(const SlotTable& table) {
  std::vector<bool> take(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    take[i] = table.at(i).leasable() && table.at(i).held > kFiller;
  }
  return take;
}

// Of each tenant that holds slots how many.
std::unordered_map<OwnerKey, std::size_t> holdings(const SlotTable& table) {
  std::unordered_map<OwnerKey, std::size_t> held;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Slot& slot = table.at(i);
    if (slot.use != SlotUse::kFree && slot.owner != 0) ++held[slot.owner];
  }
  return held;
}

// Takes idle slots in the policy's order until `excess` tokens are covered.
std::vector<std::size_t> gather(const SlotTable& table, std::vector<bool> take, Tokens& excess,
                                const Victims& victims) {
  std::vector<std::size_t> chosen;
  while (excess > 0) {
    const auto next = victims.choose(table, take);
    if (!next) break;
    take[*next] = false;
    excess -= table.at(*next).held;
    chosen.push_back(*next);
  }
  return chosen;
}

}  // namespace

std::optional<std::size_t> least_missed(const SlotTable& table, const std::vector<bool>& take,
                                        const SlotCosts& costs) {
  std::optional<std::size_t> best;
  const auto held = holdings(table);
  const auto has_much = [&](OwnerKey owner) {
    const auto own = held.find(owner);
    return own != held.end() && held.size() > 1 && own->second * held.size() > table.size();
  };
  const auto rank = [&](std::size_t i) {
    const Slot& slot = table.at(i);
    const Tokens cost = i < costs.size() ? costs[i] : 0;
    // What belongs to nobody is no loss, and most of what came once never comes back.
    return std::make_tuple(slot.use == SlotUse::kCooling, !has_much(slot.owner), cost,
                           slot.returning, slot.last_use);
  };
  for (std::size_t i = 0; i < table.size() && i < take.size(); ++i) {
    if (take[i] && (!best || rank(i) < rank(*best))) best = i;
  }
  return best;
}

BudgetPlan plan_budget(const SlotTable& table, Tokens pool, std::size_t slot, Tokens need,
                       const Victims& victims) {
  BudgetPlan plan;
  if (pool <= 0) return plan;
  Tokens excess = need - pool, leaving = 0;
  bool may_change = false;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (i == slot) continue;
    const Slot& other = table.at(i);
    excess += other.cells();
    if (other.use == SlotUse::kVacating) leaving += other.cells() - other.reserved;
    may_change = may_change || other.use == SlotUse::kLeased || other.unsettled();
  }
  if (excess <= 0) return plan;
  if (excess <= leaving) {
    plan.verdict = BudgetPlan::Verdict::kWait;
    return plan;
  }
  std::vector<bool> take = idle_slots(table);
  if (slot < take.size()) take[slot] = false;
  plan.give_up = gather(table, std::move(take), excess, victims);
  if (excess <= 0) return plan;
  plan.verdict = may_change ? BudgetPlan::Verdict::kWait : BudgetPlan::Verdict::kOver;
  if (may_change) plan.give_up.clear();
  return plan;
}

std::vector<std::size_t> plan_relief(const SlotTable& table, Tokens pool, const Victims& victims) {
  if (pool <= 0) return {};
  Tokens excess = -pool;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Slot& slot = table.at(i);
    excess += slot.use == SlotUse::kVacating ? slot.reserved : slot.cells();
  }
  return gather(table, idle_slots(table), excess, victims);
}

Tokens estimate_prompt(const PromptText& text, Tokens held, std::uint64_t held_bytes) noexcept {
  double ratio = kUsualRatio;
  if (held > 0 && held_bytes >= kTooShortToTell) {
    const double seen = static_cast<double>(held) / static_cast<double>(held_bytes);
    ratio = std::clamp(kMargin * seen, kMinRatio, kMaxRatio);
  }
  const auto tokens = [ratio](std::uint64_t bytes) { return ratio * static_cast<double>(bytes); };
  double estimate = around(text) + tokens(text.bytes);
  if (held > 0 && held_bytes > 0 && text.bytes >= held_bytes) {
    const double more = static_cast<double>(held) + around(text) + tokens(text.bytes - held_bytes);
    estimate = std::min(estimate, more);
  }
  return static_cast<Tokens>(std::ceil(estimate));
}

Tokens reservation(Tokens prompt, std::optional<std::int64_t> max_tokens, Tokens pool,
                   std::size_t slots) noexcept {
  const Tokens limit =
      max_tokens && *max_tokens >= 0 ? *max_tokens : std::numeric_limits<Tokens>::max();
  const Tokens fair = pool > 0 && slots > 0 ? pool / static_cast<Tokens>(slots) : 0;
  const Tokens usual = fair > 0 ? std::min(kDefaultOutput, fair / 2) : kDefaultOutput;
  Tokens total = prompt + std::min(limit, usual);
  const Tokens whole = limit > fair ? fair : std::min(fair, prompt + limit);
  total = std::max(total, whole);
  return pool > 0 ? std::min(total, pool) : total;
}

}  // namespace keep::slots
