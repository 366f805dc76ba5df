// FrozenValues: the first text that a rule met in a conversation, which stands for all later ones.
//
// Loop thread only. Full: of the tenant that has most the least recently used conversation's value
// is forgotten, and the next one it sends is frozen anew. Values over kMaxValueBytes are not
// frozen.
#pragma once

#include "base/lru_map.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep::hygiene {

class FrozenValues {
 public:
  static constexpr std::size_t kMaxValueBytes = 16 << 10;

  explicit FrozenValues(std::size_t max_bytes = 16 << 20) : max_bytes_(max_bytes) {}

  // The first value of that key; `value` itself when it is the first, or too long.
  std::string first(std::uint64_t key, std::string_view value, std::uint64_t tenant = 0);
  // nullptr: there is none yet.
  const std::string* look(std::uint64_t key) const { return values_.peek(key); }
  void forget(std::uint64_t key);

  std::size_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t kEntryBytes = 128;  // of the table

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  LruMap<std::uint64_t, std::string> values_;
};

}  // namespace keep::hygiene
