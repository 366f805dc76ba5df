#include "flow/item_memory.hpp"

#include "base/hash.hpp"

namespace keep {

std::string ItemMemory::key_of(std::string_view tenant, std::string_view id) {
  std::string key(tenant);
  key += '\0';
  return key.append(id);
}

void ItemMemory::put(std::string_view tenant, std::string_view id, std::string_view json) {
  const std::string key = key_of(tenant, id);
  const auto size_of = [](const std::string& name, const std::string& item) {
    return name.size() + item.size() + kOverhead;
  };
  if (const std::string* const old = items_.peek(key)) bytes_ -= size_of(key, *old);
  std::string& item = items_.get(key, hash64(tenant));
  item = json;
  items_.weigh(key, size_of(key, item));
  bytes_ += size_of(key, item);
  while (bytes_ > kMaxBytes) {
    const auto oldest = items_.pop_oldest();
    if (!oldest) break;
    bytes_ -= size_of(oldest->first, oldest->second);
  }
}

std::string_view ItemMemory::find(std::string_view tenant, std::string_view id) {
  const std::string* const item = items_.find(key_of(tenant, id));
  return item == nullptr ? std::string_view() : std::string_view(*item);
}

}  // namespace keep
