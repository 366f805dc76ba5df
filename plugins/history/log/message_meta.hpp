// MessageRow: what is stored about a message beside its text, and its form on disk (FORMATS.md).
// Pure.
#pragma once

#include "exchange/interfaces/conversations.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::history {

struct MessageRow {
  Role role = Role::kOther;
  bool lost = false;  // its text, if not all of it
  Position parent = kNoPosition;
  std::uint32_t tokens = 0;
  std::uint32_t bytes = 0;  // of its text
  std::uint64_t hash = 0;
  std::int64_t time = 0;
};

// `first`: position of the first row.
std::string encode_rows(std::span<const MessageRow> rows, Position first);
// Of exactly `count` rows; nothing when it is not that.
std::optional<std::vector<MessageRow>> decode_rows(std::string_view bytes, Position first,
                                                   std::size_t count);

}  // namespace keep::history
