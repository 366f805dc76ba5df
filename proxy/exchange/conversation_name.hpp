// ConversationName: which conversation of which tenant, and the one hash and key of it.
#pragma once

#include "base/hash.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace keep {

struct ConversationName {
  std::string tenant, id;
  friend auto operator<=>(const ConversationName&, const ConversationName&) = default;
};

inline std::uint64_t hash_of(std::string_view tenant, std::string_view id) noexcept {
  return hash_combine(hash64(tenant), hash64(id));
}
inline std::uint64_t hash_of(const ConversationName& name) noexcept {
  return hash_of(name.tenant, name.id);
}

// For tables in which two conversations of one hash must not meet: no two names have the same key.
inline std::string exact_key(const ConversationName& name) {
  return std::to_string(name.tenant.size()) + ":" + name.tenant + name.id;
}

}  // namespace keep
