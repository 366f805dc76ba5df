// Vocabulary: from words to numbers. Two words are one term if their base forms have one stem.
//
// Keeps the 64-bit hash of every stem, not the stem; never full. One thread at a time. Words come
// as WordReader gives them.
#pragma once

#include "text/stem.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace keep::search {

using TermId = std::uint32_t;  // 0, 1, 2 ... in the order of their first use
inline constexpr TermId kNoTerm = 0x7fffffff;

struct Term {
  TermId id = kNoTerm;    // kNoTerm: a stop word
  bool temporal = false;  // is_temporal()
};

class Vocabulary {
 public:
  Term add(std::string_view word);

  // Nothing is added. `hash` of the stem, 0 for a stop word; id == kNoTerm: nobody has used it.
  struct Found {
    TermId id = kNoTerm;
    std::uint64_t hash = 0;
  };
  Found find(std::string_view word) const;

  std::size_t size() const noexcept { return hashes_.size(); }
  std::size_t memory_bytes() const noexcept;

 private:
  struct Known {
    std::uint32_t tag;
    std::uint32_t term;  // kTemporal is set in it
  };

  std::uint64_t hash_of(std::string_view word) const;
  std::size_t place_of(std::uint32_t hash) const noexcept;
  Term add_unknown(std::string_view word);
  void grow_table();

  text::Stemmer stemmer_;
  std::vector<std::uint32_t> hashes_;  // by term
  std::vector<TermId> table_;          // open addressing by hash
  // What add() answered for words of late, by hash: most words are frequent, stemming is slow. Its
  // size is a power of two, and bounded.
  std::vector<Known> known_;
};

}  // namespace keep::search
