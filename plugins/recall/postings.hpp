// Postings: for every term, the passages that contain it and how often. Append only.
//
// A posting is the distance to the one before as a varint, times two, plus one if the term occurs
// once; else a byte with the count follows (255 for more). Bytes of a list are in a chain of blocks
// that grow with it, in pages that are never moved; a list of one posting has no block. Full at
// 4 GB (some 8 billion tokens): std::length_error. One thread at a time.
#pragma once

#include "plugins/recall/vocabulary.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace keep::recall {

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
    std::uint32_t read() noexcept;
    const Postings* postings_ = nullptr;
    const std::uint8_t* at_ = nullptr;
    const std::uint8_t* end_ = nullptr;  // of the block, or of the list in it
    std::uint32_t next_block_ = 0;
    std::uint32_t block_ = 0;       // number of the block in its chain
    std::uint32_t bytes_left_ = 0;  // in the blocks after this one
    std::uint32_t left_ = 0;        // postings
    std::uint32_t passage_ = 0, count_ = 0;
  };
  Cursor read(TermId term) const noexcept;

 private:
  struct List {
    std::uint32_t last = 0;   // passage
    std::uint32_t size = 0;   // postings
    std::uint32_t tail = 0;   // the last block; the count while there is only one posting
    std::uint32_t bytes = 0;  // in all blocks
  };
  static constexpr std::uint32_t kPageBytes = 1U << 16;
  static constexpr std::uint32_t kLinkBytes = 4;  // at the head of a block: the next block's offset

  void append(List& list, std::uint32_t distance, std::uint32_t count);
  void append(List& list, std::uint8_t byte);
  void append_block(List& list);
  std::uint8_t* at(std::uint32_t offset) const noexcept;
  std::uint32_t link(std::uint32_t block) const noexcept;
  void set_link(std::uint32_t block, std::uint32_t next) noexcept;

  std::vector<List> lists_;
  std::vector<std::unique_ptr<std::uint8_t[]>> pages_;
  std::uint32_t first_page_bytes_ = 0;  // the first page grows, for the many small indexes
  std::uint32_t used_ = 0;              // of the pages, from the beginning of the first
};

}  // namespace keep::recall
