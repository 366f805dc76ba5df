// Postings: for every term, the passages that contain it and how often. Append only.
//
// A posting is the distance to the one before as a varint, times two, plus one if the term occurs
// once; else a byte with the count follows (255 for more). A list of one posting has no bytes, a
// short list is in a block that is exchanged for a larger one when it is full, a long list has
// memory of its own. Full at 4 GB of short lists (some 50 billion tokens of prose):
// std::length_error. One thread at a time.
#pragma once

#include "search/vocabulary.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace keep::search {

class Postings {
 public:
  // Passages of one term come in rising order; `count` > 0.
  void add(TermId term, std::uint32_t passage, std::uint32_t count);

  std::uint32_t passages_with(TermId term) const noexcept;
  std::size_t memory_bytes() const noexcept;

  // Walks a list. Broken by add().
  class Cursor {
   public:
    bool next() noexcept;  // false at the end; then passage() and count() say nothing
    std::uint32_t passage() const noexcept { return passage_; }
    std::uint32_t count() const noexcept { return count_; }

   private:
    friend class Postings;
    const std::uint8_t* at_ = nullptr;
    const std::uint8_t* end_ = nullptr;
    std::uint32_t passage_ = 0, count_ = 0;
    bool is_single_ = false;  // the only posting was not walked to yet
  };
  Cursor read(TermId term) const noexcept;

 private:
  struct List {
    std::uint32_t last = 0;   // passage
    std::uint32_t size = 0;   // postings
    std::uint32_t bytes = 0;  // 0 while there is only one posting
    std::uint32_t place = 0;  // its count; or where the block is; or the number of the long list
  };
  static constexpr std::array<std::uint32_t, 11> kBlockBytes = {8,  12, 16,  24,  32, 48,
                                                                64, 96, 128, 192, 256};
  static constexpr std::uint32_t kPageBytes = 1U << 16;
  static constexpr std::uint32_t kNoBlock = 0xffffffff;

  void append(List& list, std::uint32_t distance, std::uint32_t count);
  std::uint8_t* make_room(List& list, std::uint32_t bytes);
  std::uint32_t new_block(std::size_t kind);
  std::uint32_t new_memory(std::uint32_t bytes);
  void free_block(std::uint32_t place, std::size_t kind) noexcept;
  std::uint8_t* at(std::uint32_t place) const noexcept;
  static std::size_t kind_of(std::uint32_t bytes) noexcept;

  std::vector<List> lists_;
  std::vector<std::vector<std::uint8_t>> long_lists_;
  std::size_t long_bytes_ = 0;  // capacity
  // Blocks are in pages that never move, but for the first one, which grows: for the many small
  // indexes. Free blocks of a kind are chained.
  std::vector<std::unique_ptr<std::uint8_t[]>> pages_;
  std::uint32_t first_page_bytes_ = 0;
  std::uint32_t used_ = 0;  // of the pages, from the beginning of the first
  std::array<std::uint32_t, kBlockBytes.size()> free_ = {kNoBlock, kNoBlock, kNoBlock, kNoBlock,
                                                         kNoBlock, kNoBlock, kNoBlock, kNoBlock,
                                                         kNoBlock, kNoBlock, kNoBlock};
};

inline bool Postings::Cursor::next() noexcept {
  if (at_ == end_) {
    const bool is_there = is_single_;
    is_single_ = false;
    return is_there;
  }
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const std::uint8_t byte = *at_++;
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  passage_ += static_cast<std::uint32_t>(value >> 1);
  count_ = (value & 1) != 0 ? 1 : *at_++;
  return true;
}

}  // namespace keep::search
