#include "search/scope.hpp"

#include <algorithm>
#include <iterator>

namespace keep::search {

Scope::Scope(std::span<const PassageRange> within, std::uint32_t passages) {
  if (passages == 0) return;
  const PassageRange everything{0, passages - 1};
  if (within.empty()) within = {&everything, 1};
  parts_.reserve(within.size());
  for (const PassageRange& range : within) {
    if (range.first >= passages) break;
    const PassageId last = std::min(range.last, passages - 1);
    parts_.push_back({range.first, last, size_});
    size_ += last - range.first + 1;
  }
}

PassageId Scope::passage_of(Rank rank) const noexcept {
  const auto after =
      std::upper_bound(parts_.begin(), parts_.end(), rank,
                       [](Rank wanted, const Part& part) { return wanted < part.rank; });
  const Part& part = *std::prev(after);
  return part.first + (rank - part.rank);
}

Scope::Cursor::Cursor(const Scope& scope, Postings::Cursor postings) noexcept
    : scope_(&scope), postings_(postings) {
  next();
}

void Scope::Cursor::next() noexcept {
  const std::vector<Part>& parts = scope_->parts_;
  while (part_ < parts.size() && postings_.next()) {
    const PassageId passage = postings_.passage();
    while (passage > parts[part_].last) {
      if (++part_ == parts.size()) break;
    }
    if (part_ == parts.size()) break;
    if (passage < parts[part_].first) continue;
    rank_ = parts[part_].rank + (passage - parts[part_].first);
    return;
  }
  ended_ = true;
}

}  // namespace keep::search
