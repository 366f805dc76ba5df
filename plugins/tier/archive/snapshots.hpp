// Snapshots: which blocks of KV cache a prompt is made of, by whose prompt it is.
//
// A snapshot takes the place of the one before it of the same owner. What the owner had besides is
// remembered until the conversation ends: it goes then, unless somebody else has it, too. Loop
// thread only.
#pragma once

#include "base/lru_map.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "plugins/tier/archive/beginnings.hpp"
#include "plugins/tier/archive/server_model.hpp"
#include "plugins/tier/blocks/block_name.hpp"
#include "plugins/tier/slot_file/kv_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace keep::tier {

struct Snapshot {
  ModelRun by;  // saved by that
  std::shared_ptr<const KvLayout> layout;
  std::vector<ChainBlock> chain;
  openai::PromptTrail trail;     // of the prompt that the tokens begin with; empty when unknown
  std::uint64_t text_bytes = 0;  // of the texts of all the tokens
};

class Snapshots {
 public:
  // `max_names`: of blocks and owners, remembered for all owners; the least recently used
  // conversations of the tenant with most go first.
  explicit Snapshots(std::size_t max_names) : max_names_(max_names) {}

  const Snapshot* find(const PromptOwner& owner) const;
  // Other owners' of the same tenant that begin like that prompt.
  std::vector<const Snapshot*> kin_of(const WantedPrompt& prompt) const;
  // -> blocks that nobody remembers any more, or needs: the short ones at the end of the snapshot
  // before it, and all of conversations that had to go.
  std::vector<BlockName> note(const PromptOwner& owner, Snapshot snapshot);
  // -> the same, of all that the conversation had.
  std::vector<BlockName> forget(const ConversationName& name);

  std::size_t blocks() const noexcept { return references_.size(); }

 private:
  using Names = std::unordered_set<BlockName, BlockNameHash>;
  struct Owned {
    Beginnings::Owner owner;
    Snapshot snapshot;
    Names blocks;  // of the snapshot, and of those before it
  };
  using Conversation = std::map<std::string, Owned>;  // by agent

  std::vector<BlockName> let_go(const Conversation& conversation);
  void let_go(BlockName name, std::vector<BlockName>& gone);
  std::vector<BlockName> drop_short_ones(Owned& owned, const std::vector<ChainBlock>& chain);
  static std::size_t weight_of(const Conversation& conversation);

  const std::size_t max_names_;
  std::size_t names_ = 0;  // the weight of all
  Beginnings beginnings_;
  LruMap<std::string, Conversation> conversations_;
  std::unordered_map<BlockName, std::uint32_t, BlockNameHash> references_;  // owners of each
};

}  // namespace keep::tier
