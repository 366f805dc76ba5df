#include "plugins/tier/model/belady.hpp"

#include "plugins/tier/model/leaf_heap.hpp"

#include <limits>
#include <vector>

namespace keep::tier {

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

class Belady final : public EvictionPolicy {
 public:
  explicit Belady(std::span<const std::vector<Block>> requests) {
    boost::unordered_flat_map<BlockId, std::size_t> next;
    next_uses_.resize(requests.size());
    for (std::size_t i = requests.size(); i-- > 0;) {
      for (const Block& block : requests[i]) {
        const auto [at, is_new] = next.try_emplace(block.id, kNever);
        next_uses_[i].push_back(at->second);
        at->second = i;
      }
    }
  }

  void on_request(std::span<const Block> /*chain*/, std::span<const NodeIndex> nodes,
                  std::size_t /*kept*/, PrefixCache& cache, Seconds /*now*/) override {
    const std::vector<std::size_t>& next = next_uses_.at(request_++);
    for (std::size_t i = 0; i < nodes.size(); ++i) next_[cache.at(nodes[i]).id] = next[i];
  }

  void on_leaf(NodeIndex node, const PrefixCache& cache) override {
    leaves_.push(kNever - next_[cache.at(node).id], node, cache);
  }
  std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds /*now*/) override {
    return leaves_.lowest(cache);
  }

 private:
  std::vector<std::vector<std::size_t>> next_uses_;  // of each block of each request
  std::size_t request_ = 0;
  boost::unordered_flat_map<BlockId, std::size_t> next_;  // use, of every block named so far
  LeafHeap<std::size_t> leaves_;
};

}  // namespace

std::unique_ptr<EvictionPolicy> make_belady(std::span<const std::vector<Block>> requests) {
  return std::make_unique<Belady>(requests);
}

}  // namespace keep::tier
