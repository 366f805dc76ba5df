// TierArchive: keeps the KV cache that leaves a slot in memory, in blocks, and puts it back.
//
// What a slot holds is told by the file that llama-server saves, never guessed: its tokens are in
// it. Blocks are named after them (BlockName), so a prompt that grows, and one that begins like
// another of the same tenant, is kept once. What comes back is a file made of blocks whose
// checksums are right; llama-server compares its tokens with the prompt and reads anew what
// differs. Whether it made use of it is told by its answer: see answered().
//
// Loop thread only; what blocks is done in the pools. It outlives the slots plugin.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "plugins/tier/archive/server.hpp"
#include "plugins/tier/archive/snapshots.hpp"
#include "plugins/tier/blocks/block_store.hpp"
#include "plugins/tier/tier_metrics.hpp"
#include "plugins/tier/tier_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace keep::tier {

class TierArchive final : public SlotArchive, public ConversationObserver {
 public:
  TierArchive(const TierSettings& settings, Services& services, const Servers& servers);

  // Before the first request: looks at the folders, and follows the servers from then on.
  Task<> start();

  std::int64_t cost_of_losing(std::size_t upstream,
                              const SlotContent& content) const noexcept override;
  bool wants(SlotPlace place, const SlotContent& content) const noexcept override;
  Task<> keep(SlotPlace place, SlotContent content) override;
  std::int64_t has(std::size_t upstream, const WantedPrompt& prompt) const noexcept override;
  Task<std::int64_t> bring_back(SlotPlace place, WantedPrompt prompt) override;

  void forget(const ConversationName& name) override;
  std::size_t memory_bytes() const override { return store_.used_bytes(); }

  // An exchange has ended, whose slot may have been given something back.
  void answered(const Exchange& exchange);

 private:
  struct Read;  // of a file that a server has saved
  struct Saving {
    ConversationName conversation;
    bool ended = false;  // meanwhile: nothing of it is to be kept
  };
  struct Restored {
    std::uint64_t owner = 0;  // Identity::owner()
    std::int64_t tokens = 0;
    double seconds = 0;  // that it took
    bool same = false;   // the prompt begins with the messages that were kept: it must be of use
  };
  struct Match {  // what there is of a prompt
    const Snapshot* snapshot = nullptr;
    std::span<const ChainBlock> chain;
    std::int64_t tokens = 0;  // of it, that are likely to be of use
  };
  using Place = std::pair<std::size_t, int>;

  void look_at(std::size_t upstream);
  void start_anew(std::size_t upstream);
  Task<> look_for_restart(std::size_t upstream);
  asio::awaitable<void> learn_model(std::size_t upstream, std::uint64_t generation);
  void turn_off(std::size_t upstream, ArchiveServer::Off why);
  bool suits(const ArchiveServer& server, const Snapshot* snapshot) const;
  Match own(std::size_t upstream, const PromptOwner& owner) const;
  Match shared(const Snapshot& kin, const openai::PromptTrail& trail) const;
  Match find(std::size_t upstream, const WantedPrompt& prompt) const;

  Task<Read> save(SlotPlace place, const std::string& tenant, StagedFile& file);
  Task<Read> read(std::string path, SlotTransfer saved, std::string tenant, ModelRun by);
  Task<> keep_blocks(const Read& read, std::span<const ChainBlock> chain);
  Task<> keep_saved(SlotPlace place, const SlotContent& content, const Saving& saving);
  void show();

  Task<bool> prove(SlotPlace place, const ModelRun& by, const KvLayout& layout,
                   const StoredBlock& first);
  Task<std::string> compute(SlotPlace place, const KvLayout& layout,
                            std::span<const TokenId> tokens);
  Task<std::uint32_t> streams(SlotPlace place);
  Task<> write(std::string path, std::shared_ptr<const KvLayout> layout, KvStreams streams,
               std::vector<BlockPtr> blocks);
  Task<std::vector<BlockPtr>> sound(std::vector<BlockPtr> blocks);
  Task<std::int64_t> restore(SlotPlace place, std::shared_ptr<const KvLayout> layout,
                             std::vector<BlockPtr> blocks);

  Services& services_;
  Upstreams& upstreams_;
  Queries& queries_;
  TierMetrics metrics_;
  const BlockNamer namer_;
  BlockStore store_;
  Snapshots snapshots_;
  std::vector<ArchiveServer> servers_;  // by upstream; never moves
  std::list<Saving> savings_;           // that are under way
  std::map<Place, Restored> restored_;  // and not answered yet
  std::uint64_t runs_ = 0;              // of all servers
  std::uint64_t evicted_ = 0;           // as shown last
  // While it is there the servers' changes concern us: they outlive the archive.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace keep::tier
