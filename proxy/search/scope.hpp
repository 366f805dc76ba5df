// Scope: the passages that one search may see, numbered by rank: 0, 1, 2 ... without gaps.
#pragma once

#include "search/postings.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace keep::search {

using PassageId = std::uint32_t;  // 0, 1, 2 ... in the order of LexicalIndex::add()
using Rank = std::uint32_t;

struct PassageRange {
  PassageId first = 0, last = 0;  // both included
};

class Scope {
 public:
  // `within` is sorted and disjoint; what is beyond `passages` is left out. Empty: everything.
  Scope(std::span<const PassageRange> within, std::uint32_t passages);

  std::uint32_t size() const noexcept { return size_; }
  PassageId passage_of(Rank rank) const noexcept;  // logarithmic

  // Walks the postings of a term that are in scope.
  class Cursor {
   public:
    Cursor(const Scope& scope, Postings::Cursor postings) noexcept;  // at the first one
    bool ended() const noexcept { return ended_; }
    void next() noexcept;
    Rank rank() const noexcept { return rank_; }
    std::uint32_t count() const noexcept { return postings_.count(); }

   private:
    const Scope* scope_;
    Postings::Cursor postings_;
    std::size_t part_ = 0;
    Rank rank_ = 0;
    bool ended_ = false;
  };

 private:
  struct Part {
    PassageId first, last;
    Rank rank;  // of `first`
  };
  std::vector<Part> parts_;
  std::uint32_t size_ = 0;
};

}  // namespace keep::search
