#include "plugins/history/anchor_memory.hpp"

#include <algorithm>
#include <optional>

namespace keep::history {

namespace {

std::optional<std::size_t> index_of(Position position, std::span<const Position> positions) {
  const auto at = std::ranges::find(positions, position);
  if (position == kNoPosition || at == positions.end()) return std::nullopt;
  return static_cast<std::size_t>(at - positions.begin());
}

}  // namespace

Anchor AnchorMemory::find(std::uint64_t key, std::span<const Position> positions) {
  const Places* const places = places_.find(key);
  if (places == nullptr) return {};
  const auto first = index_of(places->first, positions);
  if (!first) return {};
  const auto begin = index_of(places->head_begin, positions);
  const auto last = index_of(places->head_last, positions);
  if (!begin || !last || *last >= *first || *last < *begin) return {*first, *first, *first};
  return {*begin, *last + 1, *first};
}

void AnchorMemory::put(std::uint64_t key, const Anchor& anchor,
                       std::span<const Position> positions) {
  Places places;
  if (anchor.first < positions.size()) places.first = positions[anchor.first];
  if (anchor.head_end > anchor.head_begin) {
    places.head_begin = positions[anchor.head_begin];
    places.head_last = positions[anchor.head_end - 1];
  }
  places_.get(key) = places;
  while (places_.size() > max_) places_.pop_oldest();
}

}  // namespace keep::history
