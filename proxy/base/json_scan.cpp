#include "base/json_scan.hpp"

#include <cstring>

namespace keep::json::scan {

namespace {

std::size_t skip_scalar(std::string_view text, std::size_t at) noexcept {
  const std::size_t begin = at;
  while (at < text.size() && text[at] != ',' && text[at] != ']' && text[at] != '}' &&
         text[at] != ':' && text[at] != '"' && !is_space(text[at])) {
    ++at;
  }
  return at == begin ? npos : at;
}

// Counts brackets without telling their kinds apart: valid text cannot mix them, and on other
// text all that matters is to stop.
std::size_t skip_container(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (at == npos) return npos;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) return at;
    }
  }
  return npos;
}

}  // namespace

std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
  const char* const first = text.data() + at + 1;
  const char* const end = text.data() + text.size();
  const char* from = first;
  while (from < end) {
    const auto* quote =
        static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end - from)));
    if (quote == nullptr) return npos;
    const char* slash = quote;
    while (slash > from && slash[-1] == '\\') --slash;
    from = quote + 1;
    if ((quote - slash) % 2 == 0) return static_cast<std::size_t>(from - text.data());
  }
  return npos;
}

std::size_t skip_value(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return npos;
  switch (text[at]) {
    case '"':
      return skip_string(text, at);
    case '{':
    case '[':
      return skip_container(text, at);
    default:
      return skip_scalar(text, at);
  }
}

std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned b0 = byte(0), b1 = byte(1);
  if (b0 < 0x80) return 1;
  if (b0 < 0xC2 || b0 > 0xF4 || !tail(1)) return 0;
  if (b0 < 0xE0) return 2;
  if (b0 < 0xF0) {
    const bool overlong = b0 == 0xE0 && b1 < 0xA0;
    const bool surrogate = b0 == 0xED && b1 > 0x9F;
    return tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  const bool overlong = b0 == 0xF0 && b1 < 0x90;
  const bool beyond = b0 == 0xF4 && b1 > 0x8F;
  return tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
}

int hex4(std::string_view text, std::size_t at) noexcept {
  if (at > text.size() || text.size() - at < 4) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    int digit = 0;
    if (c >= '0' && c <= '9')
      digit = c - '0';
    else if (c >= 'a' && c <= 'f')
      digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - 'A' + 10;
    else
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace keep::json::scan
