// Where a text stops being JSON: for the message to the client, after simdjson has refused it.
// A byte by byte check of grammar, UTF-8 and depth. Pure, linear, no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace keep::json {

inline constexpr std::size_t kMaxDepth = 1024;  // simdjson's

struct TextFault {
  std::size_t offset = 0;
  std::string_view what;  // static text
};

// Empty when the text is JSON. Numbers may have any size, as JSON itself has no limit.
std::optional<TextFault> find_fault(std::string_view text);

}  // namespace keep::json
