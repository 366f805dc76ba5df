// SlotFile: a file that llama-server has written for a slot, read token by token.
//
// Blocks; any thread, one at a time. Errors: Fault::kStorage when the file cannot be read,
// Fault::kProtocol when it is not laid out as KvLayout says, or holds something else than the
// positions 0, 1, 2, ... of one sequence: a window of a cache, a recurrent state, pictures.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"
#include "plugins/tier/slot_file/kv_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace keep::tier {

using TokenId = std::int32_t;

// The streams of a server's KV cache. It restores only files with as many as it has itself.
struct KvStreams {
  std::uint32_t count = 1;
  std::uint32_t used = 0;  // the one that the slot is in
};

class SlotFile {
 public:
  static Result<SlotFile> read(const File& file);

  const std::vector<TokenId>& tokens() const noexcept { return tokens_; }
  const KvLayout& layout() const noexcept { return layout_; }
  KvStreams streams() const noexcept { return streams_; }

  // The rows of the tokens [first, last): those of the first part, of the second, and so on, each
  // as KvPart says. `file` is the one that was read.
  Result<std::string> rows(const File& file, std::size_t first, std::size_t last) const;

 private:
  friend class SlotFileReader;
  std::vector<TokenId> tokens_;
  KvLayout layout_;
  KvStreams streams_;
  std::vector<std::uint64_t> offsets_;  // of the rows of each part
  std::vector<std::uint32_t> cells_;    // the cell of each position
  bool in_order_ = false;               // cells are in the order of positions
};

// How many streams the cache has that a file was saved from, which may be of an empty slot.
Result<std::uint32_t> streams_of(const File& file);

// Rows of some tokens, as SlotFile::rows gives them.
struct KvRows {
  std::size_t tokens = 0;
  std::span<const char> bytes;
};

// The file of a slot that holds `tokens`, whose rows are `rows` one behind the other.
// Fault::kStorage: it is not written whole.
Result<> write_slot_file(File& file, const KvLayout& layout, KvStreams streams,
                         std::span<const TokenId> tokens, std::span<const KvRows> rows);

}  // namespace keep::tier
