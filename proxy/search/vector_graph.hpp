// VectorGraph: the nearest rows of many by walking a graph of neighbours (HNSW). The only door to
// hnswlib.
//
// It keeps numbers of rows only and looks their codes up, so it is small and never on disk: it is
// made anew from the codes. Rows are added in their order; nothing is ever taken out. Deterministic
// but for the rounding of the processor. One thread at a time, searches included.
#pragma once

#include "base/result.hpp"
#include "search/vector_codes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace keep::search {

struct NearRow {
  float cosine = 0;
  std::uint32_t row = 0;
  // Nearer first, the lower row among equals.
  friend bool operator<(const NearRow& a, const NearRow& b) noexcept {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
  }
};

class VectorGraph {
 public:
  explicit VectorGraph(const VectorCodes& codes);  // which must outlive it
  ~VectorGraph();
  VectorGraph(const VectorGraph&) = delete;
  VectorGraph& operator=(const VectorGraph&) = delete;

  std::size_t size() const noexcept;  // rows taken so far: 0 to size() - 1
  // Takes the next `count` rows, about half a millisecond each. Fault::kInternal when the library
  // fails (memory); the graph is then as it was or a little larger.
  Result<> add(std::size_t count);

  // Nearly always the nearest `limit`, nearest first; empty when the library fails.
  std::vector<NearRow> search(const VectorCode& asked, std::size_t limit) const;

  std::size_t memory_bytes() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keep::search
