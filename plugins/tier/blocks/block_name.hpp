// BlockName: a block of KV cache is named after all tokens up to its end.
//
// A prompt's blocks are those of 64 tokens, and behind the last one up to three of 16; what is left
// over is in none. The name of a block is a hash of the name before it and of its own tokens, and
// the first one begins with the root of whose prompt it is: of a tenant, a model and a layout. So
// prompts that begin alike begin with the same names, and nobody else's do. Pure.
#pragma once

#include "plugins/tier/slot_file/slot_file.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::tier {

inline constexpr std::size_t kBlockTokens = 64;
inline constexpr std::size_t kTailTokens = 16;  // of the blocks behind the last whole one

struct BlockName {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const BlockName&, const BlockName&) = default;
};

struct BlockNameHash {
  std::size_t operator()(const BlockName& name) const noexcept { return name.low; }
};

// Names are made with a key that nobody outside knows (any bytes), so that nobody can choose
// tokens for which two names are the same.
class BlockNamer {
 public:
  explicit BlockNamer(std::string_view key);

  BlockName root(std::string_view tenant, std::string_view model,
                 std::string_view layout) const noexcept;
  BlockName next(BlockName before, std::span<const TokenId> tokens) const noexcept;

 private:
  std::string secret_;
};

struct ChainBlock {
  BlockName name;
  std::uint32_t first = 0, tokens = 0;  // of the prompt
  friend bool operator==(const ChainBlock&, const ChainBlock&) = default;
};

// All blocks of a prompt, from the root on.
std::vector<ChainBlock> chain_of(const BlockNamer& namer, BlockName root,
                                 std::span<const TokenId> prompt);

// Of the prompt, in all of them.
std::size_t tokens_in(std::span<const ChainBlock> chain) noexcept;

}  // namespace keep::tier
