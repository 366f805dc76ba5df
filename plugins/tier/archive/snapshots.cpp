#include "plugins/tier/archive/snapshots.hpp"

#include <algorithm>
#include <utility>

namespace keep::tier {

const Snapshot* Snapshots::find(const PromptOwner& owner) const {
  const Conversation* const conversation = conversations_.peek(exact_key(owner.conversation));
  if (conversation == nullptr) return nullptr;
  const auto at = conversation->find(owner.agent);
  return at == conversation->end() ? nullptr : &at->second.snapshot;
}

std::vector<const Snapshot*> Snapshots::kin_of(const WantedPrompt& prompt) const {
  std::vector<const Snapshot*> kin;
  for (const Beginnings::Owner& owner : beginnings_.find(prompt)) kin.push_back(find(*owner));
  return kin;
}

std::vector<BlockName> Snapshots::note(const PromptOwner& owner, Snapshot snapshot) {
  const std::string key = exact_key(owner.conversation);
  Conversation& conversation = conversations_.get(key, hash64(owner.conversation.tenant));
  names_ -= weight_of(conversation);
  Owned& owned = conversation[owner.agent];
  if (owned.owner) {
    beginnings_.remove(owned.owner, owned.snapshot.trail);
  } else {
    owned.owner = std::make_shared<const PromptOwner>(owner);
  }
  std::vector<BlockName> gone = drop_short_ones(owned, snapshot.chain);
  for (const ChainBlock& block : snapshot.chain) {
    if (owned.blocks.insert(block.name).second) ++references_[block.name];
  }
  owned.snapshot = std::move(snapshot);
  beginnings_.add(owned.owner, owned.snapshot.trail);
  names_ += weight_of(conversation);
  conversations_.weigh(key, weight_of(conversation));
  while (names_ > max_names_ && conversations_.size() > 1) {
    const auto oldest = conversations_.pop_oldest();
    const std::vector<BlockName> names = let_go(oldest->second);
    gone.insert(gone.end(), names.begin(), names.end());
  }
  return gone;
}

std::vector<BlockName> Snapshots::forget(const ConversationName& name) {
  const std::string key = exact_key(name);
  const Conversation* const conversation = conversations_.peek(key);
  if (conversation == nullptr) return {};
  std::vector<BlockName> gone = let_go(*conversation);
  conversations_.erase(key);
  return gone;
}

// Those at the end of the last snapshot: a longer prompt has them in blocks of another size.
std::vector<BlockName> Snapshots::drop_short_ones(Owned& owned,
                                                  const std::vector<ChainBlock>& chain) {
  std::vector<BlockName> gone;
  for (const ChainBlock& block : owned.snapshot.chain) {
    if (block.tokens == kBlockTokens || std::ranges::find(chain, block) != chain.end()) continue;
    owned.blocks.erase(block.name);
    let_go(block.name, gone);
  }
  return gone;
}

std::vector<BlockName> Snapshots::let_go(const Conversation& conversation) {
  std::vector<BlockName> gone;
  names_ -= weight_of(conversation);
  for (const auto& [agent, owned] : conversation) {
    beginnings_.remove(owned.owner, owned.snapshot.trail);
    for (const BlockName& name : owned.blocks) let_go(name, gone);
  }
  return gone;
}

void Snapshots::let_go(BlockName name, std::vector<BlockName>& gone) {
  const auto at = references_.find(name);
  if (at == references_.end() || --at->second > 0) return;
  references_.erase(at);
  gone.push_back(name);
}

std::size_t Snapshots::weight_of(const Conversation& conversation) {
  std::size_t names = 0;
  for (const auto& [agent, owned] : conversation) names += owned.blocks.size() + 1;
  return names;
}

}  // namespace keep::tier
