#include "plugins/tier/model/ranked_policies.hpp"

#include "plugins/tier/model/leaf_heap.hpp"

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

}  // namespace

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
