#pragma once

#include "plugins/history/log/unwritten.hpp"

#include <cstddef>
#include <memory>

namespace keep::history {

// Sizes of one conversation's files. Tests make them small.
struct LogSettings {
  std::size_t block_bytes = 24 << 10;  // text of one block: what a random read decompresses
  // Text after which a dictionary is made of it, once. Earlier it would cost more than it saves.
  std::size_t dictionary_after = 512 << 10;
  std::size_t dictionary_bytes = 64 << 10;
  // Of zstd, for blocks of text and source code: 9 makes them 1 to 7 % smaller and takes twice the
  // time; 3 takes a third, and they get 5 % larger.
  int level = 6;
  // What may be in memory only, of one conversation; `unwritten` has an account of all.
  std::size_t max_unwritten = 8 << 20;
  std::shared_ptr<UnwrittenBytes> unwritten;
};

}  // namespace keep::history
