// MarkIndex: which conversations a mark (a hash) belongs to. One thread at a time.
//
// Many small tables in place of a large one: a hash table that grows moves all it holds at once,
// which for the half million marks of 10 000 conversations takes 100 ms.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace keep::identify {

class MarkIndex {
 public:
  using Key = std::uint64_t;  // of a conversation

  void add(std::uint64_t mark, Key key) { table(mark).emplace(mark, key); }
  // One pair of that mark and key.
  void remove(std::uint64_t mark, Key key) {
    auto& pairs = table(mark);
    const auto [begin, end] = pairs.equal_range(mark);
    const auto at =
        std::find_if(begin, end, [key](const auto& pair) { return pair.second == key; });
    if (at != end) pairs.erase(at);
  }
  // A range of pairs (mark, key).
  auto equal_range(std::uint64_t mark) const { return tables_[mark >> kShift].equal_range(mark); }
  bool contains(std::uint64_t mark) const { return tables_[mark >> kShift].contains(mark); }
  std::size_t size() const noexcept {
    std::size_t total = 0;
    for (const auto& pairs : tables_) total += pairs.size();
    return total;
  }

 private:
  static constexpr int kShift = 56;  // the first byte of a mark chooses its table

  std::unordered_multimap<std::uint64_t, Key>& table(std::uint64_t mark) {
    return tables_[mark >> kShift];
  }

  std::array<std::unordered_multimap<std::uint64_t, Key>, 256> tables_;
};

}  // namespace keep::identify
