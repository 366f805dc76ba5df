#pragma once

#include "exchange/interfaces/conversations.hpp"

#include <cstdint>

namespace keep::history {

struct Figures {
  std::uint64_t messages = 0, turns = 0, tokens = 0;  // of all branches
  std::uint64_t disk_bytes = 0;
  std::uint64_t packed_bytes = 0;            // of these, what lies in the pack: all or nothing
  std::uint64_t unwritten = 0, refused = 0;  // bytes in memory only; those that found no room
  std::int64_t created = 0;                  // time of the first message; seconds since 1970, UTC
  std::int64_t last_used = 0;                // when something was last appended
};

struct Summary : Figures {
  ConversationName name;
};

}  // namespace keep::history
