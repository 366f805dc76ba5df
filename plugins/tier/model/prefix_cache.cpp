#include "plugins/tier/model/prefix_cache.hpp"

#include <algorithm>
#include <utility>

namespace keep::tier {

PrefixCache::PrefixCache(std::uint64_t capacity_bytes, std::size_t ghosts,
                         std::unique_ptr<EvictionPolicy> policy)
    : capacity_(capacity_bytes), max_ghosts_(ghosts), policy_(std::move(policy)) {}

std::size_t PrefixCache::request(std::span<const Block> chain, Seconds now) {
  ++request_;
  evicted_.clear();
  const std::size_t kept = name(chain);
  policy_->on_request(chain.first(chain_.size()), chain_, kept, *this, now);
  for (const NodeIndex index : chain_) {
    Node& node = nodes_[index];
    if (is_regret(node)) ++regrets_;
    node.last_use = now;
    ++node.uses;
  }
  const std::size_t end = admitted(kept);
  make_room(kept, end, now);
  keep(kept, end, now);
  settle_leaf();
  forget_ghosts();
  return kept;
}

// Fills chain_; how many of its first nodes are kept.
std::size_t PrefixCache::name(std::span<const Block> chain) {
  chain_.clear();
  NodeIndex parent = kNoNode;
  for (const Block& block : chain) {
    const auto found = index_.find(block.id);
    const NodeIndex index = found != index_.end() ? found->second : add_node(block, parent);
    Node& node = nodes_[index];
    if (node.request == request_ || node.parent != parent) break;
    node.request = request_;
    chain_.push_back(index);
    parent = index;
  }
  const auto first_missing =
      std::ranges::find_if(chain_, [this](NodeIndex index) { return !nodes_[index].kept; });
  return static_cast<std::size_t>(first_missing - chain_.begin());
}

NodeIndex PrefixCache::add_node(const Block& block, NodeIndex parent) {
  NodeIndex index = static_cast<NodeIndex>(nodes_.size());
  if (unused_.empty()) {
    nodes_.emplace_back();
  } else {
    index = unused_.back();
    unused_.pop_back();
  }
  Node& node = nodes_[index];
  const std::uint32_t version = node.version;  // what was noted of another stays void
  node = Node{};
  node.version = version;
  node.id = block.id;
  node.bytes = block.bytes;
  node.tokens = block.tokens;
  node.kind = block.kind;
  node.parent = parent;
  if (parent != kNoNode) ++nodes_[parent].children;
  index_.emplace(block.id, index);
  return index;
}

// The end of what may be kept: of what fits at all, and of what the policy admits where others have
// to go for it.
std::size_t PrefixCache::admitted(std::size_t kept) const {
  std::uint64_t chain_bytes = 0, bytes = used_;
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    const Node& node = nodes_[chain_[i]];
    chain_bytes += node.bytes;
    if (i < kept) continue;
    bytes += node.bytes;
    if (chain_bytes > capacity_ || (bytes > capacity_ && !policy_->admits(node))) return i;
  }
  return chain_.size();
}

void PrefixCache::make_room(std::size_t first, std::size_t end, Seconds now) {
  std::uint64_t bytes = 0;
  for (std::size_t i = first; i < end; ++i) bytes += nodes_[chain_[i]].bytes;
  while (used_ + bytes > capacity_) {
    const auto victim = policy_->victim(*this, now);
    if (!victim) return;
    evict(*victim);
  }
}

void PrefixCache::keep(std::size_t first, std::size_t end, Seconds now) {
  for (std::size_t i = first; i < end; ++i) {
    Node& node = nodes_[chain_[i]];
    if (used_ + node.bytes > capacity_) break;
    node.kept = true;
    node.fading = 0;
    node.added = now;
    used_ += node.bytes;
    ++kept_count_;
    if (node.parent != kNoNode) ++nodes_[node.parent].kept_children;
  }
  if (!chain_.empty()) note_ghost(chain_.back());
}

bool PrefixCache::keeps(BlockId id) const {
  const auto found = index_.find(id);
  return found != index_.end() && nodes_[found->second].kept;
}

bool PrefixCache::drop(BlockId id) {
  const auto found = index_.find(id);
  if (found == index_.end()) return false;
  const NodeIndex index = found->second;
  const Node& node = nodes_[index];
  if (!node.kept || node.kept_children > 0) return false;
  if (const NodeIndex parent = let_go(index); parent != kNoNode) note_leaf(parent);
  if (node.children == 0) {
    nodes_[index].fading = 0;
    forget(index);
  }
  return true;
}

void PrefixCache::evict(NodeIndex index) {
  nodes_[index].gone = request_;
  ++evictions_;
  evicted_.push_back(nodes_[index].id);
  const NodeIndex parent = let_go(index);
  if (parent != kNoNode && nodes_[parent].request != request_) note_leaf(parent);
}

void PrefixCache::note_leaf(NodeIndex index) {
  ++nodes_[index].version;
  policy_->on_leaf(index, *this);
}

// -> the block before it, if that is a leaf now.
NodeIndex PrefixCache::let_go(NodeIndex index) {
  Node& node = nodes_[index];
  node.kept = false;
  ++node.version;
  used_ -= node.bytes;
  --kept_count_;
  note_ghost(index);
  if (node.parent == kNoNode || --nodes_[node.parent].kept_children > 0) return kNoNode;
  return node.parent;
}

// The end of what is kept of the chain. Blocks before it have children that are kept.
void PrefixCache::settle_leaf() {
  const auto end = std::ranges::find_if(chain_.rbegin(), chain_.rend(),
                                        [this](NodeIndex index) { return nodes_[index].kept; });
  if (end == chain_.rend() || nodes_[*end].kept_children > 0) return;
  note_leaf(*end);
}

void PrefixCache::note_ghost(NodeIndex index) {
  Node& node = nodes_[index];
  if (node.kept || node.children > 0 || node.fading > 0) return;
  constexpr std::size_t kLeft = 1024;  // places of ghosts that are none any more
  if (fading_.size() >= 2 * index_.size() + kLeft) {
    std::erase_if(fading_, [this](const Fading& at) { return nodes_[at.node].fading != at.place; });
  }
  node.fading = ++places_;
  fading_.push_back({index, node.fading});
}

void PrefixCache::forget_ghosts() {
  while (index_.size() - kept_count_ > max_ghosts_ && !fading_.empty()) {
    const Fading at = fading_.front();
    fading_.pop_front();
    Node& node = nodes_[at.node];
    if (node.fading != at.place) continue;
    node.fading = 0;
    if (node.children == 0) forget(at.node);
  }
}

void PrefixCache::forget(NodeIndex index) {
  Node& node = nodes_[index];
  index_.erase(node.id);
  ++node.version;
  unused_.push_back(index);
  if (node.parent == kNoNode) return;
  --nodes_[node.parent].children;
  note_ghost(node.parent);
}

}  // namespace keep::tier
