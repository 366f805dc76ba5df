#include "plugins/recall/passage_place.hpp"

#include <algorithm>

namespace keep::recall {

std::vector<search::PassageRange> ranges_of(std::span<const PassagePlace> places,
                                            std::span<const Stretch> path, Position end) {
  std::vector<search::PassageRange> ranges;
  for (const Stretch& stretch : path) {
    if (stretch.first >= end) break;
    const Position last = std::min(stretch.last, end - 1);
    const auto from = std::ranges::lower_bound(places, stretch.first, {}, &PassagePlace::message);
    const auto to = std::ranges::upper_bound(places, last, {}, &PassagePlace::message);
    if (from >= to) continue;
    ranges.push_back({static_cast<search::PassageId>(from - places.begin()),
                      static_cast<search::PassageId>(to - places.begin() - 1)});
  }
  return ranges;
}

bool is_instruction(const MessageInfo& message) noexcept {
  return message.role == Role::kSystem && message.parent == kNoPosition;
}

}  // namespace keep::recall
