#include "plugins/recall/prompt/frozen_blocks.hpp"

#include <utility>

namespace keep::recall {

namespace {

constexpr std::size_t kBlockBytes = 160;  // of a block and its place in the maps, about

std::size_t size_of(const Block& block) noexcept {
  return kBlockBytes + block.text.size() + block.passages.size() * sizeof(std::uint32_t) +
         block.facts.size() * sizeof(std::uint64_t);
}

}  // namespace

Block joined(const Block& earlier, Block later) {
  later.text = earlier.text + "\n" + later.text;
  later.tokens += earlier.tokens;
  later.passages.insert(later.passages.end(), earlier.passages.begin(), earlier.passages.end());
  later.facts.insert(later.facts.end(), earlier.facts.begin(), earlier.facts.end());
  return later;
}

const FrozenBlocks::Blocks* FrozenBlocks::find(std::uint64_t conversation) {
  return conversations_.find(conversation);
}

void FrozenBlocks::drop(Blocks& blocks, Blocks::iterator at) {
  bytes_ -= size_of(at->second);
  blocks.erase(at);
}

FrozenBlocks::Blocks& FrozenBlocks::entry_of(std::uint64_t conversation) {
  if (!knows(conversation)) bytes_ += kBlockBytes;
  return conversations_.get(conversation);
}

void FrozenBlocks::trim() {
  while (bytes_ > max_bytes_ && conversations_.size() > 1) {
    auto oldest = conversations_.pop_oldest();
    bytes_ -= kBlockBytes;
    for (const auto& [position, old] : oldest->second) bytes_ -= size_of(old);
  }
}

void FrozenBlocks::restore(std::uint64_t conversation, Blocks blocks) {
  forget(conversation);
  for (const auto& [position, block] : blocks) bytes_ += size_of(block);
  entry_of(conversation) = std::move(blocks);
  trim();
}

const FrozenBlocks::Blocks& FrozenBlocks::put(std::uint64_t conversation, Position before,
                                              Block block, Position first_sent) {
  Blocks& blocks = entry_of(conversation);
  while (!blocks.empty() && blocks.begin()->first < first_sent) drop(blocks, blocks.begin());
  if (const auto at = blocks.find(before); at != blocks.end()) drop(blocks, at);
  bytes_ += size_of(block);
  blocks.emplace(before, std::move(block));
  trim();  // of others
  return blocks;
}

const FrozenBlocks::Blocks* FrozenBlocks::take_back(std::uint64_t conversation, Position before) {
  Blocks* const blocks = conversations_.find(conversation);
  if (blocks == nullptr) return nullptr;
  if (const auto at = blocks->find(before); at != blocks->end()) drop(*blocks, at);
  return blocks;
}

void FrozenBlocks::forget(std::uint64_t conversation) {
  Blocks* const blocks = conversations_.peek(conversation);
  if (blocks == nullptr) return;
  bytes_ -= kBlockBytes;
  for (const auto& [position, block] : *blocks) bytes_ -= size_of(block);
  conversations_.erase(conversation);
}

}  // namespace keep::recall
