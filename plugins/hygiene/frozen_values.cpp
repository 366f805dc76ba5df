#include "plugins/hygiene/frozen_values.hpp"

namespace keep::hygiene {

std::string FrozenValues::first(std::uint64_t key, std::string_view value, std::uint64_t tenant) {
  if (const std::string* const known = values_.find(key)) return *known;
  if (value.size() > kMaxValueBytes) return std::string(value);
  values_.get(key, tenant) = value;
  values_.weigh(key, kEntryBytes + value.size());
  bytes_ += kEntryBytes + value.size();
  while (bytes_ > max_bytes_) {
    const auto oldest = values_.pop_oldest();
    if (!oldest) break;
    bytes_ -= kEntryBytes + oldest->second.size();
  }
  return std::string(value);
}

void FrozenValues::forget(std::uint64_t key) {
  const std::string* const known = values_.peek(key);
  if (known == nullptr) return;
  bytes_ -= kEntryBytes + known->size();
  values_.erase(key);
}

}  // namespace keep::hygiene
