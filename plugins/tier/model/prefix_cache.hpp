// PrefixCache: which blocks of KV cache a store of limited size keeps. A model of the decision
// alone: there are no bytes here, no clock and no I/O.
//
// A block stands for some tokens and all that come before them, so the blocks of a prompt are a
// chain, and the chains of all prompts a tree. A block is of use only with all those before it:
// only leaves go, and what is kept of a chain is always its beginning. A policy says which leaf.
//
// Blocks that went are remembered for a while (ghosts), without being kept: policies learn from
// what comes back. Same calls, same results. One thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace keep::tier {

using BlockId = std::uint64_t;  // of a block and all before it
using Seconds = double;         // since any one moment

// What most of a block's text is.
enum class BlockKind : std::uint8_t {
  kSystem,
  kTemplate,
  kCode,
  kRetrievedContext,
  kToolOutput,
  kAssistant,
  kUser,
  kOther,
};
inline constexpr std::size_t kBlockKinds = 8;

struct Block {
  BlockId id = 0;
  std::uint32_t bytes = 0;  // above 0
  std::uint32_t tokens = 1;
  BlockKind kind = BlockKind::kOther;
};

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = std::numeric_limits<NodeIndex>::max();

// A block that is kept, or a ghost.
struct Node {
  BlockId id = 0;
  Seconds last_use = 0, added = 0;  // added: when it was kept last
  NodeIndex parent = kNoNode;
  std::uint32_t bytes = 0, tokens = 0;
  std::uint32_t kept_children = 0, children = 0;
  std::uint32_t uses = 0;     // requests that named it, while it is known
  std::uint32_t version = 0;  // grows whenever it becomes a leaf, is used as one or goes
  std::uint64_t request = 0;  // the last one that named it
  std::uint64_t gone = 0;     // the request that it went for last; 0: it never went
  std::uint64_t fading = 0;   // its place among the ghosts that may be forgotten; 0: none
  // Of the last prompt that it was in, for policies that follow conversations.
  std::uint64_t prompt = 0;  // PrefixCache::requests() of it
  std::uint32_t chain_blocks = 0;
  std::uint16_t turn = 0;
  std::uint8_t lineage = 0;
  BlockKind kind = BlockKind::kOther;
  bool kept = false;
};

class PrefixCache;

class EvictionPolicy {
 public:
  virtual ~EvictionPolicy() = default;
  // A request names this chain, from the root; its nodes are as the requests before left them
  // (uses == 0: never named). The first `kept` are kept. May note what a node has for
  // policies.
  virtual void on_request(std::span<const Block> /*chain*/, std::span<const NodeIndex> /*nodes*/,
                          std::size_t /*kept*/, PrefixCache& /*cache*/, Seconds /*now*/) {}
  // Whether a block may be kept although others have to go for it. Those after it are not either.
  virtual bool admits(const Node& /*node*/) const { return true; }
  // `node` is kept and has become a leaf, or is one that was named again.
  virtual void on_leaf(NodeIndex node, const PrefixCache& cache) = 0;
  // A leaf for which PrefixCache::may_go() holds; none when there is none.
  virtual std::optional<NodeIndex> victim(const PrefixCache& cache, Seconds now) = 0;
};

class PrefixCache {
 public:
  static constexpr std::uint64_t kRegretRequests = 500;

  // `ghosts`: blocks that are remembered without being kept, at most.
  PrefixCache(std::uint64_t capacity_bytes, std::size_t ghosts,
              std::unique_ptr<EvictionPolicy> policy);

  // How many leading blocks of the chain are kept. After it as many of them as there is room for
  // are, at the cost of leaves of other chains, as far as the policy admits them. `now` does not go
  // back. A block that is named twice ends the chain.
  std::size_t request(std::span<const Block> chain, Seconds now);
  // What went in the last request.
  std::span<const BlockId> evicted() const noexcept { return evicted_; }
  // A block goes, and is not asked for again: no ghost is left. Only a leaf, others stay. ->
  // whether it went.
  bool drop(BlockId id);
  bool keeps(BlockId id) const;

  const Node& at(NodeIndex node) const { return nodes_[node]; }
  Node& at(NodeIndex node) { return nodes_[node]; }
  // Whether what a policy noted of a leaf still stands, and no request under way needs it.
  bool may_go(NodeIndex node, std::uint32_t version) const {
    const Node& n = nodes_[node];
    return n.version == version && n.kept && n.kept_children == 0 && n.request != request_;
  }

  std::uint64_t capacity() const noexcept { return capacity_; }
  std::uint64_t used() const noexcept { return used_; }
  std::size_t known() const noexcept { return index_.size(); }  // kept or ghosts
  std::size_t kept() const noexcept { return kept_count_; }
  std::uint64_t requests() const noexcept { return request_; }
  std::uint64_t evictions() const noexcept { return evictions_; }
  // Whether it went so short a time ago that it should not have, now that it is asked for.
  bool is_regret(const Node& node) const noexcept {
    return !node.kept && node.gone > 0 && request_ - node.gone <= kRegretRequests;
  }
  std::uint64_t regrets() const noexcept { return regrets_; }

 private:
  std::size_t name(std::span<const Block> chain);
  NodeIndex add_node(const Block& block, NodeIndex parent);
  std::size_t admitted(std::size_t kept) const;
  void make_room(std::size_t first, std::size_t end, Seconds now);
  void keep(std::size_t first, std::size_t end, Seconds now);
  void evict(NodeIndex index);
  NodeIndex let_go(NodeIndex index);
  void note_leaf(NodeIndex index);
  void note_ghost(NodeIndex index);
  void forget_ghosts();
  void forget(NodeIndex index);
  void settle_leaf();

  std::uint64_t capacity_, used_ = 0, evictions_ = 0, regrets_ = 0, request_ = 0;
  std::size_t max_ghosts_, kept_count_ = 0;
  std::unique_ptr<EvictionPolicy> policy_;
  std::vector<Node> nodes_;
  std::vector<NodeIndex> unused_;
  boost::unordered_flat_map<BlockId, NodeIndex> index_;
  struct Fading {
    NodeIndex node;
    std::uint64_t place;
  };
  std::deque<Fading> fading_;  // ghosts without children, the oldest first; some have left since
  std::uint64_t places_ = 0;
  std::vector<NodeIndex> chain_;  // of the request under way
  std::vector<BlockId> evicted_;  // by it
};

}  // namespace keep::tier
