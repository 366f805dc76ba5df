// AnchorMemory: where the clear zone of each conversation and agent began last. Loop thread only.
//
// Positions, not indices: they stay when a client cuts or edits its history. Bounded: the least
// recently used conversation is not known any more, and has to be restored; of an agent
// too many the zone is planned as if it were the first time.
#pragma once

#include "base/lru_map.hpp"
#include "exchange/clear_zone.hpp"
#include "plugins/history/zone/zone_planner.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace keep::history {

class AnchorMemory {
 public:
  static constexpr std::size_t kMaxAgents = 16;  // of one conversation
  struct Key {
    std::uint64_t conversation = 0, agent = 0;
  };

  explicit AnchorMemory(std::size_t max_conversations) : max_(max_conversations) {}

  // As indices into `positions`; the beginning when its messages are not among them.
  Anchor find(const Key& key, std::span<const Position> positions);
  void put(const Key& key, const Anchor& anchor, std::span<const Position> positions);

  bool knows(std::uint64_t conversation) const { return agents_.peek(conversation) != nullptr; }
  // What saved() said, or nothing. Known from now on.
  void restore(std::uint64_t conversation, const std::string& saved);
  std::string saved(std::uint64_t conversation) const;
  void forget(std::uint64_t conversation) { agents_.erase(conversation); }

 private:
  struct Places {
    std::uint64_t agent = 0;
    Position head_begin = kNoPosition, head_last = kNoPosition, first = kNoPosition;
  };
  using Agents = std::vector<Places>;  // the latest to move last
  void add(std::uint64_t conversation, const Places& places);

  std::size_t max_;
  LruMap<std::uint64_t, Agents> agents_;  // by conversation
};

}  // namespace keep::history
