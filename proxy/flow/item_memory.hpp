// ItemMemory: the items of recent responses, for clients that refer to them by id instead of
// sending them again (the AI SDK, unless told not to store).
//
// Loop thread only. Bounded by bytes: the least recently used items of the tenant that has most are
// forgotten, those of a conversation with it, and a restart forgets all; a reference to those is as
// if it were not there.
#pragma once

#include "base/lru_map.hpp"
#include "exchange/interfaces/conversations.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep {

class ItemMemory final : public ConversationObserver {
 public:
  static constexpr std::size_t kMaxBytes = 32 << 20;
  static constexpr std::size_t kOverhead = 256;  // of an entry, about

  // `id` is unique in the tenant of the conversation.
  void put(const ConversationName& conversation, std::string_view id, std::string_view json);
  // The item as JSON, until the next put(); empty when it is not known.
  std::string_view find(std::string_view tenant, std::string_view id);
  std::size_t bytes() const noexcept { return bytes_; }

  void forget(const ConversationName& conversation) override;

 private:
  struct Item {
    std::string json;
    std::uint64_t conversation = 0;  // hash of its name
  };
  static std::string key_of(std::string_view tenant, std::string_view id);

  static std::size_t size_of(const std::string& key, const Item& item);

  LruMap<std::string, Item> items_;
  std::size_t bytes_ = 0;
};

}  // namespace keep
