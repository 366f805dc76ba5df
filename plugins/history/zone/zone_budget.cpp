#include "plugins/history/zone/zone_budget.hpp"

#include <algorithm>

namespace keep::history {

namespace {

constexpr Tokens kMargin = 16;  // and a 64th of the window

}  // namespace

Budget make_budget(const Demand& demand) noexcept {
  const Tokens window = demand.window;
  const Tokens share = window / 4;
  const Tokens answer = std::min(demand.max_tokens.value_or(share), share);
  Budget budget;
  budget.recall = std::min(demand.recall, share);
  budget.limit = window - 1;
  budget.whole = window - answer - kMargin - window / 64;
  budget.zone = budget.whole - budget.recall;
  return budget;
}

}  // namespace keep::history
