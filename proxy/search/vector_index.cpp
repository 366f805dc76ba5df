#include "search/vector_index.hpp"

#include <algorithm>
#include <cmath>

namespace keep::search {

namespace {

constexpr std::uint32_t kSamples = 1024;
// Of the graph's rows many may be on other branches.
constexpr std::size_t kSpare = 4;

// The best `limit` of what is offered.
class Nearest {
 public:
  explicit Nearest(std::size_t limit) : limit_(limit) {}

  void offer(NearRow row) {
    if (rows_.size() == limit_ && !(row < rows_.front())) return;
    rows_.push_back(row);
    std::push_heap(rows_.begin(), rows_.end());
    if (rows_.size() <= limit_) return;
    std::pop_heap(rows_.begin(), rows_.end());
    rows_.pop_back();
  }
  std::vector<NearRow> take() {
    std::sort_heap(rows_.begin(), rows_.end());
    return std::move(rows_);
  }

 private:
  std::size_t limit_;
  std::vector<NearRow> rows_;  // a heap, the farthest on top
};

bool is_within(std::span<const PassageRange> within, std::uint32_t row) noexcept {
  const auto after = std::ranges::upper_bound(within, row, {}, &PassageRange::first);
  return after != within.begin() && row <= std::prev(after)->last;
}

std::size_t count_of(std::span<const PassageRange> within, std::size_t before) noexcept {
  std::size_t count = 0;
  for (const PassageRange& range : within) {
    if (range.first >= before) break;
    count += std::min<std::size_t>(range.last + std::size_t{1}, before) - range.first;
  }
  return count;
}

}  // namespace

VectorIndex::VectorIndex(std::size_t dimensions, std::size_t few) : codes_(dimensions), few_(few) {}

bool VectorIndex::wants_graph() const noexcept {
  return !graph_failed_ && codes_.size() > few_ && in_graph() < codes_.size();
}

Result<> VectorIndex::grow_graph(std::size_t count) {
  if (!wants_graph()) return {};
  if (graph_ == nullptr) graph_ = std::make_unique<VectorGraph>(codes_);
  auto grown = graph_->add(std::min(count, codes_.size() - in_graph()));
  if (!grown) {
    graph_.reset();
    graph_failed_ = true;
  }
  return grown;
}

NearRows VectorIndex::search(const VectorCode& asked, std::span<const PassageRange> within,
                             std::size_t limit) const {
  NearRows found;
  const std::size_t total = count_of(within, codes_.size());
  if (total == 0 || limit == 0) return found;
  Nearest nearest(limit);
  std::size_t scan_from = 0;
  // Worth it when most of what it finds counts.
  if (count_of(within, in_graph()) > few_) {
    const auto near = graph_->search(asked, limit * kSpare);
    for (const NearRow& row : near) {
      if (is_within(within, row.row)) nearest.offer(row);
    }
    if (!near.empty()) scan_from = in_graph();
  }
  const std::size_t step = std::max<std::size_t>(1, total / kSamples);
  double sum = 0, squares = 0, samples = 0;
  std::size_t number = 0;
  for (const PassageRange& range : within) {
    const std::size_t end = std::min<std::size_t>(range.last + std::size_t{1}, codes_.size());
    for (std::size_t row = range.first; row < end; ++row, ++number) {
      const bool is_sample = number % step == 0;
      if (row < scan_from && !is_sample) continue;
      const float cosine = codes_.cosine(asked, static_cast<std::uint32_t>(row));
      if (row >= scan_from) nearest.offer({cosine, static_cast<std::uint32_t>(row)});
      if (!is_sample) continue;
      sum += static_cast<double>(cosine);
      squares += static_cast<double>(cosine) * static_cast<double>(cosine);
      ++samples;
    }
  }
  found.rows = nearest.take();
  found.mean = static_cast<float>(sum / samples);
  found.deviation = static_cast<float>(
      std::sqrt(std::max(0.0, squares / samples - sum / samples * (sum / samples))));
  return found;
}

std::size_t VectorIndex::memory_bytes() const noexcept {
  return codes_.memory_bytes() + (graph_ == nullptr ? 0 : graph_->memory_bytes());
}

}  // namespace keep::search
