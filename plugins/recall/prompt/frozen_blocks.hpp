// FrozenBlocks: what was recalled in earlier turns and still stands in the prompt. Loop thread
// only.
//
// A block belongs to the message it was put before. Bounded: a conversation keeps those whose
// message may still be sent, and the least recently used conversations are forgotten until they are
// restored from what was written down (block_sidecar.hpp).
#pragma once

#include "base/lru_map.hpp"
#include "exchange/interfaces/conversations.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace keep::recall {

struct Block {
  std::string text;
  std::int64_t tokens = 0;
  std::vector<std::uint32_t> passages;  // in the index of the conversation
  std::vector<std::uint64_t> facts{};   // hashes of stored facts and their versions
};

// One block with what both have; the later one's text behind.
Block joined(const Block& earlier, Block later);

class FrozenBlocks {
 public:
  explicit FrozenBlocks(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  using Blocks = std::map<Position, Block>;  // by the message they stand before
  bool knows(std::uint64_t conversation) const { return conversations_.peek(conversation); }
  // Known from now on, be it without a block.
  void restore(std::uint64_t conversation, Blocks blocks);
  // nullptr: not known. Valid until the next put(), restore() or forget(). The conversation is the
  // one used last from now on.
  const Blocks* find(std::uint64_t conversation);
  // Blocks before `first_sent` go: their messages will not be sent again. Returns what there is
  // now, valid as from find().
  const Blocks& put(std::uint64_t conversation, Position before, Block block, Position first_sent);
  // Returns what is left, as find() does.
  const Blocks* take_back(std::uint64_t conversation, Position before);
  void forget(std::uint64_t conversation);

  std::size_t bytes() const noexcept { return bytes_; }

 private:
  Blocks& entry_of(std::uint64_t conversation);
  void trim();
  void drop(Blocks& blocks, Blocks::iterator at);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  LruMap<std::uint64_t, Blocks> conversations_;
};

}  // namespace keep::recall
