#include "search/vector_graph.hpp"

// With it hnswlib 0.6 prefetches by what stands behind a full list of links, out of its memory.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>

namespace keep::search {

namespace {

constexpr std::size_t kLinks = 16, kBuildWidth = 200, kSearchWidth = 100;
constexpr std::size_t kFirstRows = 1024;
constexpr std::size_t kSeed = 1;
// What stands for the vector that is searched for: it has no row.
constexpr std::uint32_t kAsked = 0xffffffff;

using Graph = hnswlib::HierarchicalNSW<float>;

// The "vectors" of the graph are numbers of rows.
class RowSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit RowSpace(const VectorCodes& codes) noexcept : codes_(codes) {}
  std::size_t get_data_size() override { return sizeof(std::uint32_t); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return this; }

  void ask(const VectorCode* asked) noexcept { asked_ = asked; }

 private:
  static std::uint32_t row_at(const void* place) noexcept {
    std::uint32_t row = 0;
    std::memcpy(&row, place, sizeof row);
    return row;
  }
  static float distance(const void* a, const void* b, const void* self) {
    const RowSpace& space = *static_cast<const RowSpace*>(self);
    const std::uint32_t from = row_at(a), to = row_at(b);
    if (from == kAsked) return 1 - space.codes_.cosine(*space.asked_, to);
    if (to == kAsked) return 1 - space.codes_.cosine(*space.asked_, from);
    return 1 - space.codes_.cosine(from, to);
  }

  const VectorCodes& codes_;
  const VectorCode* asked_ = nullptr;
};

}  // namespace

struct VectorGraph::Impl {
  explicit Impl(const VectorCodes& codes)
      : space(codes), graph(&space, kFirstRows, kLinks, kBuildWidth, kSeed) {
    graph.setEf(kSearchWidth);
  }

  RowSpace space;
  Graph graph;
};

VectorGraph::VectorGraph(const VectorCodes& codes) : impl_(std::make_unique<Impl>(codes)) {}
VectorGraph::~VectorGraph() = default;

std::size_t VectorGraph::size() const noexcept { return impl_->graph.cur_element_count; }

Result<> VectorGraph::add(std::size_t count) {
  Graph& graph = impl_->graph;
  try {
    if (size() + count > graph.max_elements_) {
      graph.resizeIndex(std::max(size() + count, size() + size() / 2));
    }
    for (; count > 0; --count) {
      const auto row = static_cast<std::uint32_t>(size());
      graph.addPoint(&row, row);
    }
    return {};
  } catch (const std::exception& error) {
    return Error(Fault::kInternal, Side::kInternal, std::string("hnswlib: ") + error.what());
  }
}

std::vector<NearRow> VectorGraph::search(const VectorCode& asked, std::size_t limit) const {
  std::vector<NearRow> rows;
  try {
    impl_->space.ask(&asked);
    impl_->graph.setEf(std::max(kSearchWidth, limit));
    auto found = impl_->graph.searchKnn(&kAsked, limit);
    for (; !found.empty(); found.pop()) {
      rows.push_back({1 - found.top().first, static_cast<std::uint32_t>(found.top().second)});
    }
  } catch (const std::exception&) {
    rows.clear();
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::size_t VectorGraph::memory_bytes() const noexcept {
  const Graph& graph = impl_->graph;
  // The lists of the upper levels are a sixteenth of the lowest.
  return graph.max_elements_ *
         (graph.size_data_per_element_ + graph.size_data_per_element_ / 16 + sizeof(void*) +
          sizeof(int) + sizeof(std::mutex) + sizeof(hnswlib::vl_type) + 32);
}

}  // namespace keep::search
