#pragma once

#include <cstddef>

namespace keep::history {

// Sizes of one conversation's files. Tests make them small.
struct LogSettings {
  std::size_t block_bytes = 24 << 10;  // text of one block: what a random read decompresses
  // Text after which a dictionary is made of it, once. Earlier it would cost more than it saves.
  std::size_t dictionary_after = 512 << 10;
  std::size_t dictionary_bytes = 64 << 10;
  // Of zstd. Against 3 it saves a tenth of the space and takes twice the time, 1 ms per block.
  int level = 9;
};

}  // namespace keep::history
