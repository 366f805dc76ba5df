#include "plugins/history/zone/zone_budget.hpp"

#include <algorithm>

namespace keep::history {

namespace {

constexpr Tokens kMargin = 16;    // and a 64th of the window
constexpr double kForget = 0.02;  // of the distance to what was seen last
constexpr Tokens kTelling = 64;   // tokens from which on a prompt says something about others
constexpr double kMaxFactor = 4.0;

}  // namespace

Budget make_budget(const Demand& demand) noexcept {
  const Tokens window = demand.window;
  const Tokens share = window / 4;
  const Tokens answer = std::min(demand.max_tokens.value_or(share), share);
  Budget budget;
  budget.recall = std::min(demand.recall, share);
  budget.limit = window - 1 - demand.fixed;
  budget.whole = window - demand.fixed - answer - kMargin - window / 64;
  budget.zone = budget.whole - budget.recall;
  return budget;
}

void PromptBias::learn(Tokens estimated, Tokens measured) noexcept {
  if (estimated < kTelling) return;
  const double seen = static_cast<double>(measured) / static_cast<double>(estimated);
  const double faded = factor_ + kForget * (seen - factor_);
  factor_ = std::clamp(std::max(seen, faded), 1.0, kMaxFactor);
}

}  // namespace keep::history
