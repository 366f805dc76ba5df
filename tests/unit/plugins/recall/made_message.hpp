// A stored message for tests of what is made out of conversations.
#pragma once

#include "base/json/json.hpp"
#include "exchange/interfaces/conversations.hpp"

#include <string>

namespace keep::recall {

inline StoredMessage message(Position position, const std::string& text, Role role = Role::kUser) {
  StoredMessage stored;
  stored.info.position = position;
  stored.info.parent = position == 0 ? kNoPosition : position - 1;
  stored.info.role = role;
  stored.info.time = 1700000000;
  stored.info.hash = 1000 + position;
  stored.json = "{\"role\":\"user\",\"content\":" + json::quoted(text) + "}";
  return stored;
}

}  // namespace keep::recall
