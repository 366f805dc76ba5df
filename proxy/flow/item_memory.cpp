#include "flow/item_memory.hpp"

#include "base/hash.hpp"

#include <vector>

namespace keep {

std::string ItemMemory::key_of(std::string_view tenant, std::string_view id) {
  std::string key(tenant);
  key += '\0';
  return key.append(id);
}

std::size_t ItemMemory::size_of(const std::string& key, const Item& item) {
  return key.size() + item.json.size() + kOverhead;
}

void ItemMemory::put(const ConversationName& conversation, std::string_view id,
                     std::string_view json) {
  const std::string key = key_of(conversation.tenant, id);
  if (const Item* const old = items_.peek(key)) bytes_ -= size_of(key, *old);
  Item& item = items_.get(key, hash64(conversation.tenant));
  item.json = json;
  item.conversation = hash_of(conversation);
  items_.weigh(key, size_of(key, item));
  bytes_ += size_of(key, item);
  while (bytes_ > kMaxBytes) {
    const auto oldest = items_.pop_oldest();
    if (!oldest) break;
    bytes_ -= size_of(oldest->first, oldest->second);
  }
}

std::string_view ItemMemory::find(std::string_view tenant, std::string_view id) {
  const Item* const item = items_.find(key_of(tenant, id));
  return item == nullptr ? std::string_view() : std::string_view(item->json);
}

void ItemMemory::forget(const ConversationName& conversation) {
  std::vector<std::string> gone;
  items_.for_each([&gone, ended = hash_of(conversation)](const std::string& key, const Item& item) {
    if (item.conversation == ended) gone.push_back(key);
  });
  for (const std::string& key : gone) {
    bytes_ -= size_of(key, *items_.peek(key));
    items_.erase(key);
  }
}

}  // namespace keep
