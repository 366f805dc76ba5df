#include "plugins/tier/model/semantic_policies.hpp"

#include "plugins/tier/model/leaf_heap.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <utility>

namespace keep::tier {

namespace {

constexpr std::size_t index_of(BlockKind kind) noexcept { return static_cast<std::size_t>(kind); }

class StaticSemantic final : public EvictionPolicy {
 public:
  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    const Node& leaf = cache.at(node);
    leaves_.push({kDefaultWeights[index_of(leaf.kind)], leaf.last_use}, node, cache);
  }
  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds /*now*/) override {
    return leaves_.lowest(cache);
  }

 private:
  LeafHeap<std::pair<double, Seconds>> leaves_;
};

constexpr Seconds kFading = 60;
constexpr double kFaded = 0.05;
constexpr double kMsForToken = 0.08;
const Seconds kFadedAge = -kFading * std::log(kFaded);

// The logarithm of the score but for weight and age.
double lasting_worth(const Node& node) {
  const double uses = node.uses, tokens = std::max(node.tokens, 1U);
  return std::log(1 + std::log1p(uses) + uses / 4) + std::log(std::max(1.0, tokens * kMsForToken)) -
         0.15 * std::log(tokens);
}

// The leaves of one kind. Those that fade all fade at the same pace, so their order stays.
class Leaves {
 public:
  void push(NodeIndex node, const PrefixCache& cache) {
    const Node& leaf = cache.at(node);
    by_age_.push(leaf.last_use, node, cache);
    fading_.push(lasting_worth(leaf) + leaf.last_use / kFading, node, cache);
  }

  using Scored = std::pair<double, NodeIndex>;

  // The lowest score but for the weight, and whose it is.
  std::optional<Scored> lowest(const PrefixCache& cache, Seconds now) {
    while (const auto oldest = by_age_.lowest(cache)) {
      if (now - by_age_.rank() < kFadedAge) break;
      by_age_.drop_lowest();
      faded_.push(lasting_worth(cache.at(*oldest)), *oldest, cache);
    }
    auto fading = fading_.lowest(cache);
    for (; fading && now - cache.at(*fading).last_use >= kFadedAge;
         fading = fading_.lowest(cache)) {
      fading_.drop_lowest();
    }
    std::optional<Scored> lowest;
    if (fading) lowest = {fading_.rank() - now / kFading, *fading};
    const auto faded = faded_.lowest(cache);
    if (!faded) return lowest;
    const Scored scored{faded_.rank() + std::log(kFaded), *faded};
    return lowest ? std::min(*lowest, scored) : scored;
  }

 private:
  LeafHeap<Seconds> by_age_;
  LeafHeap<double> fading_, faded_;
};

class AdaptiveSemantic final : public EvictionPolicy {
 public:
  void on_request(std::span<const Block> /*chain*/, std::span<const NodeIndex> nodes,
                  std::size_t kept, PrefixCache& cache, Seconds /*now*/) override {
    std::bitset<kBlockKinds> hits, regrets;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Node& node = cache.at(nodes[i]);
      const std::size_t kind = index_of(node.kind);
      if (i < kept) hits.set(kind);
      if (cache.is_regret(node)) regrets.set(kind);
    }
    for (std::size_t kind = 0; kind < kBlockKinds; ++kind) {
      double& weight = weights_[kind];
      weight = kDefaultWeights[kind] + (weight - kDefaultWeights[kind]) * kDecay;
      weight += (hits[kind] ? kForHit : 0) + (regrets[kind] ? kForRegret : 0);
      weight = std::clamp(weight, kLeastWeight, kMostWeight);
    }
  }

  bool admits(const Node& node) const override {
    return node.kind != BlockKind::kUser && node.kind != BlockKind::kOther;
  }

  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    leaves_[index_of(cache.at(node).kind)].push(node, cache);
  }

  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds now) override {
    std::optional<Leaves::Scored> least;
    for (std::size_t kind = 0; kind < kBlockKinds; ++kind) {
      auto lowest = leaves_[kind].lowest(cache, now);
      if (!lowest) continue;
      lowest->first += std::log(weights_[kind]);
      if (!least || *lowest < *least) least = lowest;
    }
    return least ? std::optional(least->second) : std::nullopt;
  }

 private:
  static constexpr double kDecay = 0.995, kForHit = 0.05, kForRegret = 0.2;
  static constexpr double kLeastWeight = 0.2, kMostWeight = 5;
  std::array<double, kBlockKinds> weights_ = kDefaultWeights;
  std::array<Leaves, kBlockKinds> leaves_;
};

}  // namespace

std::unique_ptr<EvictionPolicy> make_static_semantic() {
  return std::make_unique<StaticSemantic>();
}

std::unique_ptr<EvictionPolicy> make_adaptive_semantic() {
  return std::make_unique<AdaptiveSemantic>();
}

}  // namespace keep::tier
