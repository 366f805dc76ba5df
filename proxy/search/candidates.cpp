#include "search/candidates.hpp"

#include <algorithm>

namespace keep::search {

namespace {

constexpr float kSaturation = 0.6F;  // k1 of BM25

}  // namespace

float saturation(std::uint32_t count) noexcept {
  const auto tf = static_cast<float>(count);
  return tf / (tf + kSaturation) * (kSaturation + 1);
}

const std::vector<Rank>& Candidates::find(const Postings& postings,
                                          std::span<const QueryTerm> terms, const Scope& scope,
                                          std::size_t limit) {
  walks_.clear();
  best_.clear();
  floor_ = 0;
  for (const QueryTerm& term : terms) {
    walks_.push_back({Scope::Cursor(scope, postings.read(term.id)), term.idf});
  }
  sums_.resize(kWindow);
  while (true) {
    std::erase_if(walks_, [](const Walk& walk) { return walk.cursor.ended(); });
    if (walks_.empty()) break;
    Rank begin = scope.size();
    for (const Walk& walk : walks_) begin = std::min(begin, walk.cursor.rank());
    const Rank end = begin + std::min(kWindow, scope.size() - begin);
    sum_window(begin, end);
    keep_best(begin, end, limit);
  }
  if (best_.size() > limit) {
    std::nth_element(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(limit),
                     best_.end());
    best_.resize(limit);
  }
  ranks_.clear();
  for (const Scored& scored : best_) ranks_.push_back(scored.rank);
  std::sort(ranks_.begin(), ranks_.end());
  return ranks_;
}

void Candidates::sum_window(Rank begin, Rank end) {
  std::fill_n(sums_.begin(), end - begin, 0.F);
  for (Walk& walk : walks_) {
    Scope::Cursor& cursor = walk.cursor;
    for (; !cursor.ended() && cursor.rank() < end; cursor.next()) {
      const float share = cursor.count() == 1 ? 1.F : saturation(cursor.count());
      sums_[cursor.rank() - begin] += walk.idf * share;
    }
  }
}

void Candidates::keep_best(Rank begin, Rank end, std::size_t limit) {
  for (Rank rank = begin; rank < end; ++rank) {
    const float score = sums_[rank - begin];
    // Among equals the earlier rank wins, and those were here before.
    if (score <= floor_) continue;
    best_.push_back({score, rank});
    if (best_.size() < 4 * limit) continue;
    const auto last = best_.begin() + static_cast<std::ptrdiff_t>(limit) - 1;
    std::nth_element(best_.begin(), last, best_.end());
    floor_ = last->score;
    best_.resize(limit);
  }
}

std::size_t Candidates::memory_bytes() const noexcept {
  return sums_.capacity() * sizeof(float) + walks_.capacity() * sizeof(Walk) +
         best_.capacity() * sizeof(Scored) + ranks_.capacity() * sizeof(Rank);
}

}  // namespace keep::search
