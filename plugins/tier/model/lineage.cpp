#include "plugins/tier/model/lineage.hpp"

#include "plugins/tier/model/leaf_heap.hpp"
#include "plugins/tier/model/ranked_policies.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace keep::tier {

namespace {

enum Kind : std::uint8_t { kBranch, kFirstTurn, kLaterTurn = 5, kRoot, kKinds };

// Ends of the bins of ages; the last one has none.
constexpr std::array<Seconds, 19> kAges = {1,   2,   4,   8,   15,  30,   60,   90,   120, 180,
                                           240, 300, 420, 600, 900, 1200, 1800, 2700, 3600};

std::size_t bin_of(Seconds age) noexcept {
  return static_cast<std::size_t>(std::ranges::upper_bound(kAges, age) - kAges.begin());
}

// A prompt that goes on from one whose end it has, but for a last block that was not full and the
// answer, goes on with its conversation.
constexpr std::size_t kSlack = 2;  // blocks

// When prompts of one kind came back. Asked far more often than told.
class Returns {
 public:
  Returns() {
    for (std::size_t i = 0; i < before_.size(); ++i) before_[i] = kPrior * static_cast<double>(i);
  }
  void used() noexcept {
    ++prompts_;
    if (prompts_ < kRemembered) return;
    prompts_ /= 2;
    for (double& count : before_) count /= 2;
  }
  void came_back(Seconds age) noexcept {
    for (std::size_t i = bin_of(age) + 1; i < before_.size(); ++i) ++before_[i];
  }
  double chance(Seconds age, Seconds survival) const noexcept {
    const std::size_t first = bin_of(age), last = bin_of(age + survival);
    const double soon = before_[last + 1] - before_[first];
    return std::min(1.0, soon / std::max(prompts_ - before_[first], kLeast));
  }

 private:
  static constexpr double kLeast = 1e-9;
  static constexpr double kRemembered = 8192;  // prompts; then older ones count half
  static constexpr double kPrior = 1e-3;       // no age is impossible
  double prompts_ = 1;
  std::array<double, kAges.size() + 2> before_{};  // returns before each bin, and in all
};

// Of late: the weight of a request halves every 700 requests.
class Recent {
 public:
  void add(std::size_t count) noexcept { sum_ = sum_ * kKept + static_cast<double>(count); }
  double sum() const noexcept { return sum_; }

 private:
  static constexpr double kKept = 0.999;
  double sum_ = 0;
};

// How far behind LRU is too far, of all blocks that are asked for.
constexpr double kBehind = 0.002;

class Lineage final : public EvictionPolicy {
 public:
  Lineage(std::uint64_t capacity_bytes, std::size_t ghosts)
      : lru_(capacity_bytes, ghosts, make_lru()) {}

  void on_request(std::span<const Block> chain, std::span<const NodeIndex> nodes, std::size_t kept,
                  PrefixCache& cache, Seconds now) override {
    asked_.add(chain.size());
    hits_.add(kept);
    lru_hits_.add(lru_.request(chain, now));
    if (nodes.empty()) return;
    const auto unknown =
        std::ranges::find_if(nodes, [&cache](NodeIndex node) { return cache.at(node).uses == 0; });
    const auto known = static_cast<std::size_t>(unknown - nodes.begin());
    const auto turn = turn_of(nodes, known, cache);
    returns_[kRoot].used();
    if (known > 0) returns_[kRoot].came_back(now - cache.at(nodes[0]).last_use);
    if (known > 1 && is_first_return(cache.at(nodes[known - 1]))) {
      const Node& end = cache.at(nodes[known - 1]);
      returns_[end.lineage].came_back(now - end.last_use);
    }
    note(nodes, turn, cache);
    came_back_[cache.requests() % came_back_.size()] = false;
  }

  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    const Node& leaf = cache.at(node);
    leaves_[leaf.lineage].push(leaf.last_use, node, cache);
  }

  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds now) override {
    auto victim = rest_of_run(cache, now);
    if (!victim) victim = least_likely(cache, now);
    if (victim) {
      constexpr double kNew = 0.001;
      survival_ += kNew * (std::max(now - run_.last_use, Seconds{1}) - survival_);
    }
    return victim;
  }

 private:
  // A prompt comes back once: what forks off what is left of it later are others.
  bool is_first_return(const Node& end) {
    auto came_back = came_back_[end.prompt % came_back_.size()];
    const bool is_first = !came_back;
    came_back = true;
    return is_first;
  }

  static std::uint16_t turn_of(std::span<const NodeIndex> nodes, std::size_t known,
                               const PrefixCache& cache) {
    if (known < 2) return kFirstTurn;
    const Node& end = cache.at(nodes[known - 1]);
    if (end.chain_blocks > known + kSlack) return kBranch;
    return static_cast<std::uint16_t>(std::min(end.turn + 1, 1 << 15));
  }

  void note(std::span<const NodeIndex> nodes, std::uint16_t turn, PrefixCache& cache) {
    const auto kind = static_cast<std::uint8_t>(std::min<int>(turn, kLaterTurn));
    returns_[kind].used();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      Node& node = cache.at(nodes[i]);
      node.turn = turn;
      node.prompt = cache.requests();
      node.lineage = i == 0 ? static_cast<std::uint8_t>(kRoot) : kind;
      node.chain_blocks = static_cast<std::uint32_t>(nodes.size());
    }
  }

  // The block before the one that went last is as old, mostly: then it is no more likely.
  std::optional<NodeIndex> rest_of_run(const PrefixCache& cache, Seconds now) {
    if (run_.now != now) return std::nullopt;
    const auto next = leaves_[run_.kind].lowest(cache);
    return next && cache.at(*next).last_use == run_.last_use ? next : std::nullopt;
  }

  std::optional<NodeIndex> least_likely(const PrefixCache& cache, Seconds now) {
    const bool by_age = hits_.sum() + kBehind * asked_.sum() < lru_hits_.sum();
    std::optional<NodeIndex> victim;
    double least = 0;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      const auto oldest = leaves_[kind].lowest(cache);
      if (!oldest) continue;
      const Seconds last_use = cache.at(*oldest).last_use;
      const double chance = by_age ? 0 : returns_[kind].chance(now - last_use, survival_);
      if (victim && std::pair{least, run_.last_use} <= std::pair{chance, last_use}) continue;
      victim = oldest;
      least = chance;
      run_ = {now, last_use, kind};
    }
    return victim;
  }

  struct Run {
    Seconds now = -1, last_use = 0;
    std::size_t kind = 0;
  };

  static constexpr std::size_t kPrompts = 1 << 20;

  PrefixCache lru_;
  std::vector<bool> came_back_ = std::vector<bool>(kPrompts);  // of the last ones, by request
  Recent asked_, hits_, lru_hits_;
  std::array<Returns, kKinds> returns_;
  std::array<LeafHeap<Seconds>, kKinds> leaves_;
  Seconds survival_ = 600;
  Run run_;
};

}  // namespace

std::unique_ptr<EvictionPolicy> make_lineage(std::uint64_t capacity_bytes, std::size_t ghosts) {
  return std::make_unique<Lineage>(capacity_bytes, ghosts);
}

}  // namespace keep::tier
