// Finding the ends of JSON pieces in bytes that may be anything. For json_*.cpp only.
//
// All functions stay inside the text, use no recursion, and return npos where the piece never ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace keep::json::scan {

inline constexpr std::size_t npos = std::string_view::npos;

inline bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// `at` is an opening quote; the offset after its closing quote.
std::size_t skip_string(std::string_view text, std::size_t at) noexcept;
// The offset after the value that begins at `at`.
std::size_t skip_value(std::string_view text, std::size_t at) noexcept;

// Four hex digits at `at`, or -1.
int hex4(std::string_view text, std::size_t at) noexcept;

}  // namespace keep::json::scan
