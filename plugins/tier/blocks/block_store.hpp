// BlockStore: blocks of KV cache in memory, no more than a quota of bytes.
//
// Which are kept is PrefixCache's choice. A block has its place before it has its bytes, which are
// read later: what is on its way counts. Whoever was given a block may use it as long as it likes,
// also when it has gone from here meanwhile. One thread.
#pragma once

#include "plugins/tier/blocks/block_name.hpp"
#include "plugins/tier/model/prefix_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace keep::tier {

struct StoredBlock {
  BlockName name;
  std::vector<TokenId> tokens;  // its own
  std::string rows;             // SlotFile::rows of them
  std::uint64_t checksum = 0;   // checksum_of(rows)
};
using BlockPtr = std::shared_ptr<const StoredBlock>;

std::uint64_t checksum_of(std::string_view rows) noexcept;

class BlockStore {
 public:
  BlockStore(std::uint64_t capacity_bytes, std::unique_ptr<EvictionPolicy> policy,
             std::size_t ghosts);

  // A prompt was used that has these blocks. Those that are to be kept get a place, at the cost of
  // others. -> how many, from the first on; of those the ones without bytes should be given them.
  std::size_t use(std::span<const ChainBlock> chain, std::uint64_t token_bytes, Seconds now);
  // Whether it has a place and no bytes yet.
  bool lacks(BlockName name) const;
  // Nothing happens if it has no place any more.
  void fill(BlockPtr block);
  // The leading blocks whose bytes are here.
  std::vector<BlockPtr> leading(std::span<const ChainBlock> chain) const;
  std::size_t count_leading(std::span<const ChainBlock> chain) const;

  // Its bytes are no good; they are taken anew when the block comes again.
  void spoil(BlockName name);
  // They go, but for those that another block needs which is kept. Linear in their number.
  void drop(std::span<const BlockName> names);

  std::uint64_t used_bytes() const noexcept { return cache_.used(); }  // places included
  std::uint64_t capacity_bytes() const noexcept { return cache_.capacity(); }
  std::size_t blocks() const noexcept { return places_.size(); }
  std::uint64_t evictions() const noexcept { return cache_.evictions(); }

 private:
  struct Place {
    BlockName name, before;
    BlockPtr block;  // null: on its way
  };
  bool drop_one(BlockName name);

  const Place* find(BlockName name) const;

  PrefixCache cache_;
  std::unordered_map<BlockId, Place> places_;  // of what cache_ keeps
};

}  // namespace keep::tier
