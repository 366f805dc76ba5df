// VectorIndex: which rows point the way that a question does.
//
// Rows are compared one by one as long as they are few; of many, those that are in the graph
// already are found by it, and the rest one by one. The graph is grown a little at a time by
// whoever owns the index. One thread at a time.
#pragma once

#include "base/result.hpp"
#include "search/scope.hpp"
#include "search/vector_codes.hpp"
#include "search/vector_graph.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace keep::search {

struct NearRows {
  std::vector<NearRow> rows;  // nearest first
  // Of the cosines of all rows in question, or of many evenly chosen ones.
  float mean = 0, deviation = 0;
};

class VectorIndex {
 public:
  static constexpr std::size_t kFew = 100000;

  // `few`: rows up to which there is no graph.
  explicit VectorIndex(std::size_t dimensions, std::size_t few = kFew);

  VectorCodes& codes() noexcept { return codes_; }  // rows may be added
  const VectorCodes& codes() const noexcept { return codes_; }

  bool wants_graph() const noexcept;
  // Takes `count` more rows into the graph. When that fails there will be none, and searches go on
  // without.
  Result<> grow_graph(std::size_t count);

  // `within` (sorted, disjoint): only these rows. Empty: none.
  NearRows search(const VectorCode& asked, std::span<const PassageRange> within,
                  std::size_t limit) const;

  std::size_t memory_bytes() const noexcept;

 private:
  std::size_t in_graph() const noexcept { return graph_ == nullptr ? 0 : graph_->size(); }

  VectorCodes codes_;
  std::size_t few_;
  std::unique_ptr<VectorGraph> graph_;
  bool graph_failed_ = false;
};

}  // namespace keep::search
