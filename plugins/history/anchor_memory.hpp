// AnchorMemory: where the clear zone of each conversation and agent began last. Loop thread only.
//
// Positions, not indices: they stay when a client cuts or edits its history. Bounded: the least
// recently used is forgotten, and its zone is planned as if it were the first time. Not kept over a
// restart.
#pragma once

#include "base/lru_map.hpp"
#include "exchange/clear_zone.hpp"
#include "plugins/history/zone_planner.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace keep::history {

class AnchorMemory {
 public:
  explicit AnchorMemory(std::size_t max_entries) : max_(max_entries) {}

  // As indices into `positions`; the beginning when its messages are not among them.
  Anchor find(std::uint64_t key, std::span<const Position> positions);
  void put(std::uint64_t key, const Anchor& anchor, std::span<const Position> positions);

 private:
  struct Places {
    Position head_begin = kNoPosition, head_last = kNoPosition, first = kNoPosition;
  };
  std::size_t max_;
  LruMap<std::uint64_t, Places> places_;
};

}  // namespace keep::history
