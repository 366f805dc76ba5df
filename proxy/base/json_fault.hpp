// Where a text stops being JSON: for the message to the client, after simdjson has refused it.
// A plain byte by byte check of grammar and UTF-8. Pure, linear, no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace keep::json {

struct TextFault {
  std::size_t offset = 0;
  std::string_view what;  // static text
};

// Empty when no fault of grammar is found (too deep, or a number out of range, is not looked for).
std::optional<TextFault> find_fault(std::string_view text);

}  // namespace keep::json
