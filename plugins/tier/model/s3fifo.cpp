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
    if (state.id != leaf.id || state.added != leaf.added) {
      const bool came_back = state.id == leaf.id && cache.evictions() - state.gone <= cache.kept();
      state = State{};
      state.id = leaf.id;
      state.added = leaf.added;
      state.main = came_back && leaf.gone > 0;
    } else if (leaf.request == cache.requests()) {
      state.uses = std::min(state.uses + 1, kMostUses);
    }
    if (!state.queued) put_in(node);
  }

  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds /*now*/) override {
    // Each is passed at most once for each use, and once more as one that a request needs.
    for (std::size_t left = (small_.size() + main_.size()) * (kMostUses + 2); left > 0; --left) {
      const bool from_small = main_.empty() || small_.size() * kSmallShare > cache.kept();
      std::deque<NodeIndex>& queue = from_small && !small_.empty() ? small_ : main_;
      if (queue.empty()) break;
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
    Seconds added = -1;
    std::uint64_t gone = 0;  // evictions until it went
    int uses = 0;            // since it was put in
    bool main = false, queued = false;
  };

  void put_in(NodeIndex node) {
    State& state = states_[node];
    state.queued = true;
    (state.main ? main_ : small_).push_back(node);
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
