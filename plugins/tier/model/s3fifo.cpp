#include "plugins/tier/model/s3fifo.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace keep::tier {

namespace {

class S3Fifo final : public EvictionPolicy {
 public:
  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    if (states_.size() <= node) states_.resize(node + std::size_t{1});
    State& state = states_[node];
    const Node& leaf = cache.at(node);
    if (!state.known || state.id != leaf.id || state.stay != leaf.gone) {
      const bool came_back = state.known && state.id == leaf.id;
      const bool soon = cache.evictions() - state.gone <= cache.kept();
      state = State{};
      state.known = true;
      state.id = leaf.id;
      state.stay = leaf.gone;
      state.main = came_back && soon;
    } else if (leaf.request == cache.requests()) {
      state.uses = std::min(state.uses + 1, kMostUses);
    }
    if (!state.queued) put_in(node);
  }

  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds /*now*/) override {
    // Each is passed at most once for each use, and once more as one that the request needs.
    for (std::size_t left = (small_.size() + main_.size()) * (kMostUses + 2); left > 0; --left) {
      const bool small = has_others(small_, cache), main = has_others(main_, cache);
      if (!small && !main) break;
      const bool from_small = small && (!main || small_.size() * kSmallShare > cache.kept());
      std::deque<NodeIndex>& queue = from_small ? small_ : main_;
      const NodeIndex node = queue.front();
      queue.pop_front();
      if (goes(node, cache)) return node;
    }
    return std::nullopt;
  }

 private:
  static constexpr int kMostUses = 3;
  static constexpr int kUsesForMain = 2;
  static constexpr std::size_t kSmallShare = 10;  // of all
  struct State {
    BlockId id = 0;
    std::uint64_t stay = 0;  // Node::gone while it is kept
    std::uint64_t gone = 0;  // evictions until it went
    int uses = 0;            // since it was put in
    bool known = false, main = false, queued = false;
  };

  void put_in(NodeIndex node) {
    State& state = states_[node];
    state.queued = true;
    (state.main ? main_ : small_).push_back(node);
  }

  // Than the one leaf that the request under way needs.
  static bool has_others(const std::deque<NodeIndex>& queue, const PrefixCache& cache) {
    if (queue.size() != 1) return !queue.empty();
    const Node& only = cache.at(queue.front());
    const bool is_leaf = only.kept && only.kept_children == 0;
    return !is_leaf || cache.may_go(queue.front(), only.version);
  }

  // Of a node that was taken out of its queue.
  bool goes(NodeIndex node, const PrefixCache& cache) {
    State& state = states_[node];
    const Node& leaf = cache.at(node);
    state.queued = false;
    if (!leaf.kept || leaf.kept_children > 0) return false;
    if (!cache.may_go(node, leaf.version)) {
      put_in(node);  // needed right now
      return false;
    }
    if (state.main ? state.uses > 0 : state.uses >= kUsesForMain) {
      state.uses = state.main ? state.uses - 1 : 0;
      state.main = true;
      put_in(node);
      return false;
    }
    state.gone = cache.evictions();
    return true;
  }

  std::deque<NodeIndex> small_, main_;
  std::vector<State> states_;  // by node
};

}  // namespace

std::unique_ptr<EvictionPolicy> make_s3fifo() { return std::make_unique<S3Fifo>(); }

}  // namespace keep::tier
