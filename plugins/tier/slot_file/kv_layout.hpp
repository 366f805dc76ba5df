// KvLayout: how llama-server lays out the keys and values of a slot that it saves.
//
// The file is the tokens, and behind them the state of the KV cache: for each stream (one, or with
// -no-kvu one per slot) its cells, each with its position, and then for each layer the keys of all
// cells and for each layer the values. A version may put words of its own before the layers. What
// is read here is taken for understood only if it fills the file to the last byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace keep::tier {

// Keys, or values, of one layer.
struct KvPart {
  std::uint32_t type = 0;         // ggml's number of the data type
  std::uint64_t token_bytes = 0;  // of one token
  // Bytes of a number where values are transposed (without flash attention): all tokens' first
  // number, then all their second. 0: the numbers of a token lie side by side.
  std::uint32_t element_bytes = 0;
  friend bool operator==(const KvPart&, const KvPart&) = default;
};

// The same for all slots and prompts of a model on one build of llama-server.
struct KvLayout {
  std::uint32_t version = 0;         // of the file
  bool transposed = false;           // the values are
  std::vector<std::uint32_t> words;  // behind the number of layers, not known what for
  std::vector<KvPart> parts;         // keys of each layer, then values of each
  friend bool operator==(const KvLayout&, const KvLayout&) = default;

  std::uint64_t token_bytes() const noexcept;
};

// What tells it from others, as bytes.
std::string description(const KvLayout& layout);

}  // namespace keep::tier
