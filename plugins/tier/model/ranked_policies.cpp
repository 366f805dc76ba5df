#include "plugins/tier/model/ranked_policies.hpp"

#include "plugins/tier/model/leaf_heap.hpp"

#include <bit>
#include <cstdint>
#include <map>
#include <utility>

namespace keep::tier {

namespace {

// `RankOf`: of a node, and of the rank of the last one that went.
template <class RankOf>
class Ranked final : public EvictionPolicy {
 public:
  explicit Ranked(RankOf rank_of) : rank_of_(std::move(rank_of)) {}

  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    leaves_.push(rank_of_(cache.at(node), gone_), node, cache);
  }
  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds /*now*/) override {
    const auto lowest = leaves_.lowest(cache);
    if (lowest) gone_ = leaves_.rank();
    return lowest;
  }

 private:
  RankOf rank_of_;
  LeafHeap<double> leaves_;
  double gone_ = 0;
};

class SizeAwareLru final : public EvictionPolicy {
 public:
  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    const Node& leaf = cache.at(node);
    leaves_[std::bit_floor(leaf.bytes)].push(leaf.last_use, node, cache);
  }
  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds now) override {
    std::optional<NodeIndex> victim;
    double most = -1;
    for (auto& [width, leaves] : leaves_) {
      const auto oldest = leaves.lowest(cache);
      if (!oldest) continue;
      const double product = cache.at(*oldest).bytes * (now - leaves.rank());
      if (product <= most) continue;
      most = product;
      victim = oldest;
    }
    return victim;
  }

 private:
  std::map<std::uint32_t, LeafHeap<Seconds>> leaves_;  // by the highest bit of their size
};

}  // namespace

std::unique_ptr<EvictionPolicy> make_size_aware_lru() { return std::make_unique<SizeAwareLru>(); }

std::unique_ptr<EvictionPolicy> make_fifo() {
  const auto rank = [](const Node& node, double) { return node.added; };
  return std::make_unique<Ranked<decltype(rank)>>(rank);
}

std::unique_ptr<EvictionPolicy> make_lru() {
  const auto rank = [](const Node& node, double) { return node.last_use; };
  return std::make_unique<Ranked<decltype(rank)>>(rank);
}

std::unique_ptr<EvictionPolicy> make_lfu() {
  const auto rank = [](const Node& node, double) { return static_cast<double>(node.uses); };
  return std::make_unique<Ranked<decltype(rank)>>(rank);
}

std::unique_ptr<EvictionPolicy> make_gdsf() {
  const auto rank = [](const Node& node, double gone) { return gone + node.uses; };
  return std::make_unique<Ranked<decltype(rank)>>(rank);
}

}  // namespace keep::tier
