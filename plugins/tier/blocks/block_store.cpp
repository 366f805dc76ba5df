#include "plugins/tier/blocks/block_store.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace keep::tier {

namespace {

BlockId id_of(BlockName name) noexcept { return name.low; }

}  // namespace

std::uint64_t checksum_of(std::string_view rows) noexcept { return hash64(rows); }

BlockStore::BlockStore(std::uint64_t capacity_bytes, std::unique_ptr<EvictionPolicy> policy,
                       std::size_t ghosts)
    : cache_(capacity_bytes, ghosts, std::move(policy)) {}

// Two names of one id are told apart here: the later one ends its chain.
std::size_t BlockStore::use(std::span<const ChainBlock> chain, std::uint64_t token_bytes,
                            Seconds now) {
  std::vector<Block> blocks;
  blocks.reserve(chain.size());
  for (const ChainBlock& block : chain) {
    const auto at = places_.find(id_of(block.name));
    if (at != places_.end() && at->second.name != block.name) break;
    blocks.push_back({id_of(block.name), static_cast<std::uint32_t>(token_bytes * block.tokens),
                      block.tokens, BlockKind::kOther});
  }
  cache_.request(blocks, now);
  for (const BlockId id : cache_.evicted()) places_.erase(id);
  std::size_t kept = 0;
  while (kept < blocks.size() && cache_.keeps(blocks[kept].id)) {
    const BlockName before = kept == 0 ? BlockName() : chain[kept - 1].name;
    places_.try_emplace(blocks[kept].id, Place{chain[kept].name, before, nullptr});
    ++kept;
  }
  return kept;
}

const BlockStore::Place* BlockStore::find(BlockName name) const {
  const auto at = places_.find(id_of(name));
  return at != places_.end() && at->second.name == name ? &at->second : nullptr;
}

bool BlockStore::lacks(BlockName name) const {
  const Place* const place = find(name);
  return place != nullptr && place->block == nullptr;
}

void BlockStore::fill(BlockPtr block) {
  if (find(block->name) == nullptr) return;
  places_.at(id_of(block->name)).block = std::move(block);
}

std::vector<BlockPtr> BlockStore::leading(std::span<const ChainBlock> chain) const {
  std::vector<BlockPtr> blocks;
  for (const ChainBlock& block : chain) {
    const Place* const place = find(block.name);
    if (place == nullptr || place->block == nullptr) break;
    blocks.push_back(place->block);
  }
  return blocks;
}

std::size_t BlockStore::count_leading(std::span<const ChainBlock> chain) const {
  const auto end = std::ranges::find_if(chain, [this](const ChainBlock& block) {
    const Place* const place = find(block.name);
    return place == nullptr || place->block == nullptr;
  });
  return static_cast<std::size_t>(end - chain.begin());
}

void BlockStore::spoil(BlockName name) {
  if (find(name) != nullptr) places_.at(id_of(name)).block = nullptr;
}

bool BlockStore::drop_one(BlockName name) {
  if (find(name) == nullptr || !cache_.drop(id_of(name))) return false;
  places_.erase(id_of(name));
  return true;
}

// A block goes only when those behind it have gone: from each that goes, on to the one before it.
void BlockStore::drop(std::span<const BlockName> names) {
  const std::unordered_set<BlockName, BlockNameHash> all(names.begin(), names.end());
  for (BlockName name : names) {
    while (all.contains(name)) {
      const Place* const place = find(name);
      const BlockName before = place != nullptr ? place->before : BlockName();
      if (!drop_one(name)) break;
      name = before;
    }
  }
}

}  // namespace keep::tier
