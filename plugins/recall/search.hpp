// Search: what to look for, and where.
#pragma once

#include "exchange/interfaces/conversations.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace keep::recall {

struct Search {
  ConversationName name;
  std::vector<std::string> questions;
  Path path;                   // the way that counts
  Position end = kNoPosition;  // messages from this one on are in the clear zone
  std::size_t limit = 0;       // passages
};

}  // namespace keep::recall
