#include "plugins/tier/blocks/block_name.hpp"

#include "base/byte_codec.hpp"
#include "base/hash.hpp"

#include <algorithm>

namespace keep::tier {

namespace {

BlockName name_of(const Hash128& hash) { return {hash.high, hash.low}; }

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

}  // namespace

BlockNamer::BlockNamer(std::string_view key) : secret_(hash_secret(key)) {}

BlockName BlockNamer::root(std::string_view tenant, std::string_view model,
                           std::string_view layout) const noexcept {
  std::string bytes;
  for (const std::string_view text : {tenant, model, layout}) put_text(bytes, text);
  return name_of(hash128(bytes, secret_));
}

BlockName BlockNamer::next(BlockName before, std::span<const TokenId> tokens) const noexcept {
  std::string bytes;
  bytes.reserve(16 + sizeof(TokenId) * tokens.size());
  put(bytes, before.high);
  put(bytes, before.low);
  for (const TokenId token : tokens) put(bytes, static_cast<std::uint32_t>(token));
  return name_of(hash128(bytes, secret_));
}

std::vector<ChainBlock> chain_of(const BlockNamer& namer, BlockName root,
                                 std::span<const TokenId> prompt) {
  std::vector<ChainBlock> chain;
  BlockName name = root;
  for (std::size_t at = 0; at < prompt.size();) {
    const std::size_t left = prompt.size() - at;
    if (left < kTailTokens) break;
    const std::size_t size = left >= kBlockTokens ? kBlockTokens : kTailTokens;
    name = namer.next(name, prompt.subspan(at, size));
    chain.push_back({name, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)});
    at += size;
  }
  return chain;
}

std::size_t tokens_in(std::span<const ChainBlock> chain) noexcept {
  return chain.empty() ? 0 : std::size_t{chain.back().first} + chain.back().tokens;
}

}  // namespace keep::tier
