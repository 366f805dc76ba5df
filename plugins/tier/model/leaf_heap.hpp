// LeafHeap: leaves by rank, the lowest first. What changed since it was put in is skipped.
//
// Most that go are followed by the block before them, with the same rank or nearly: the newest of
// the lowest waits beside the heap, and such a run makes no way through it.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace keep::tier {

template <class Rank>
class LeafHeap {
 public:
  void push(Rank rank, NodeIndex node, const PrefixCache& cache) {
    Entry entry{rank, order_++, node, cache.at(node).version};
    if (beside_ && !is_stale(*beside_, cache)) {
      if (*beside_ > entry) std::swap(*beside_, entry);
      if (heap_.size() >= 2 * cache.known() + kStale) drop_stale(cache);
      heap_.push_back(entry);
      std::ranges::push_heap(heap_, std::greater{});
    } else {
      beside_ = entry;
    }
  }

  // The lowest that may go; it stays in.
  std::optional<NodeIndex> lowest(const PrefixCache& cache) {
    if (beside_ && !cache.may_go(beside_->node, beside_->version)) beside_.reset();
    while (!heap_.empty() && !cache.may_go(heap_.front().node, heap_.front().version)) pop();
    if (heap_.empty() && !beside_) return std::nullopt;
    is_beside_ = beside_ && (heap_.empty() || heap_.front() > *beside_);
    const Entry& lowest = is_beside_ ? *beside_ : heap_.front();
    rank_ = lowest.rank;
    return lowest.node;
  }
  // Of the one that lowest() named last. It can be taken out directly after that call only.
  Rank rank() const { return rank_; }
  void drop_lowest() {
    if (is_beside_) {
      beside_.reset();
    } else {
      pop();
    }
  }

 private:
  static constexpr std::size_t kStale = 1024;  // that may be in beside one for each node
  struct Entry {
    Rank rank;
    std::uint64_t order;
    NodeIndex node;
    std::uint32_t version;
    friend bool operator>(const Entry& a, const Entry& b) {
      return std::tie(a.rank, a.order) > std::tie(b.rank, b.order);
    }
  };

  static bool is_stale(const Entry& entry, const PrefixCache& cache) {
    return cache.at(entry.node).version != entry.version;
  }
  void pop() {
    std::ranges::pop_heap(heap_, std::greater{});
    heap_.pop_back();
  }
  void drop_stale(const PrefixCache& cache) {
    std::erase_if(heap_, [&cache](const Entry& entry) { return is_stale(entry, cache); });
    std::ranges::make_heap(heap_, std::greater{});
  }

  std::optional<Entry> beside_;
  std::vector<Entry> heap_;
  std::uint64_t order_ = 0;
  Rank rank_{};
  bool is_beside_ = false;  // the one that lowest() named last
};

}  // namespace keep::tier
