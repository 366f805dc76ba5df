// Candidates: the first stage of a search, by words alone. One thread at a time.
#pragma once

#include "search/scope.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace keep::search {

struct QueryTerm {
  TermId id = kNoTerm;
  float idf = 0;        // among all passages
  float their_idf = 0;  // among those of the sections where persons speak who are asked about
};

// How much a term counts that occurs `count` times in a passage, as a share of its idf: saturating,
// without regard to the length of the passage.
float saturation(std::uint32_t count) noexcept;

class Candidates {
 public:
  // The best `limit` passages by BM25, in the order of their ranks. The lower ranks among equals.
  const std::vector<Rank>& find(const Postings& postings, std::span<const QueryTerm> terms,
                                const Scope& scope, std::size_t limit);

  std::size_t memory_bytes() const noexcept;

 private:
  struct Scored {
    float score;
    Rank rank;
    // Better first.
    friend bool operator<(const Scored& a, const Scored& b) noexcept {
      return a.score != b.score ? a.score > b.score : a.rank < b.rank;
    }
  };
  struct Walk {
    Scope::Cursor cursor;
    float idf;
  };

  void sum_window(Rank begin, Rank end);
  void keep_best(Rank begin, Rank end, std::size_t limit);

  // Scores of the ranks of a window: a fixed, small part of a large index at a time.
  static constexpr std::uint32_t kWindow = 8192;
  std::vector<float> sums_;
  std::vector<Walk> walks_;
  std::vector<Scored> best_;
  std::vector<Rank> ranks_;
  float floor_ = 0;  // nothing below it can be among the best
};

}  // namespace keep::search
