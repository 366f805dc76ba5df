#include "plugins/history/zone/zone_planner.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace keep::history {

namespace {

bool answers(Role role) noexcept { return role == Role::kAssistant || role == Role::kTool; }

class Planner {
 public:
  Planner(std::span<const Weight> messages, Tokens budget, double low_water)
      : messages_(messages),
        budget_(budget),
        low_(static_cast<Tokens>(static_cast<double>(budget) * low_water)),
        from_(messages.size() + 1) {
    for (std::size_t i = messages.size(); i-- > 0;) {
      from_[i] = from_[i + 1] + messages[i].tokens;
    }
  }

  Tokens weight(const Anchor& a) const noexcept {
    return from_[a.first] + from_[a.head_begin] - from_[a.head_end];
  }
  bool fits(const Anchor& a) const noexcept { return weight(a) <= budget_; }

  // The first turn after `past` from which on little enough remains; if there is none, the newest.
  std::size_t turn_after(std::size_t past) const noexcept {
    std::optional<std::size_t> found;
    for (std::size_t i = messages_.size(); i-- > 0;) {
      if (!opens_turn(i)) continue;
      const bool good = i > past && from_[i] <= low_;
      if (good || !found) found = i;
      if (!good) break;
    }
    return found.value_or(0);
  }

  // The same inside the turn that begins at `turn`.
  Anchor round_of(std::size_t turn, std::size_t past) const noexcept {
    Anchor anchor{turn, turn, turn};
    while (anchor.head_end < messages_.size() && !answers(messages_[anchor.head_end].role)) {
      ++anchor.head_end;
    }
    anchor.first = std::max(anchor.head_end, last_round());
    for (std::size_t i = messages_.size(); i-- > anchor.head_end;) {
      if (!opens_round(i)) continue;
      const Anchor candidate{anchor.head_begin, anchor.head_end, i};
      if (weight(candidate) > low_ || i <= past) break;
      anchor.first = i;
    }
    return anchor;
  }

 private:
  bool opens_turn(std::size_t i) const noexcept {
    return !answers(messages_[i].role) && (i == 0 || answers(messages_[i - 1].role));
  }
  bool opens_round(std::size_t i) const noexcept {
    return messages_[i].role == Role::kAssistant &&
           (i == 0 || messages_[i - 1].role != Role::kAssistant);
  }
  std::size_t last_round() const noexcept {
    for (std::size_t i = messages_.size(); i-- > 0;) {
      if (opens_round(i)) return i;
    }
    return 0;
  }

  std::span<const Weight> messages_;
  Tokens budget_, low_;
  std::vector<Tokens> from_;  // weight of a message and all that follow
};

}  // namespace

ZonePlan plan_zone(std::span<const Weight> messages, const Anchor& anchor, Tokens budget,
                   double low_water) {
  const Planner planner(messages, budget, low_water);
  using Verdict = ZonePlan::Verdict;
  if (planner.fits(anchor)) return {Verdict::kKept, anchor, planner.weight(anchor)};
  const std::size_t turn = planner.turn_after(anchor.first);
  Anchor next{turn, turn, turn};
  if (!planner.fits(next)) next = planner.round_of(turn, anchor.first);
  const auto verdict = planner.fits(next) ? Verdict::kMoved : Verdict::kTooLong;
  return {verdict, next, planner.weight(next)};
}

}  // namespace keep::history
