#include "plugins/recall/quoted_text.hpp"

#include <algorithm>
#include <cstddef>

namespace keep::recall {

namespace {

constexpr std::string_view kNewLine = "\n> ";
constexpr std::size_t kMaxName = 64;  // of a special token

// Names of special tokens, beside all that have an underscore.
constexpr std::string_view kTokenNames[] = {
    "s",   "bos", "eos", "pad",  "unk",   "mask",   "sop",  "eop",       "eot", "eod",
    "cls", "sep", "sys", "inst", "think", "system", "user", "assistant", "tool"};
// What our own frames begin with behind the bracket.
constexpr std::string_view kFrameNames[] = {"recalled from", "known:"};

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_name_char(char c) noexcept {
  return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ':';
}

bool begins_like(std::string_view text, std::string_view lower) noexcept {
  if (text.size() < lower.size()) return false;
  return std::ranges::equal(text.substr(0, lower.size()), lower, {}, to_lower);
}

// The name that stands there up to `end`; empty: none.
std::string_view name_before(std::string_view text, char end) noexcept {
  if (text.starts_with('/')) text.remove_prefix(1);
  const auto stop = std::ranges::find_if_not(text.substr(0, kMaxName), is_name_char);
  const auto size = static_cast<std::size_t>(stop - text.begin());
  return size < text.size() && text[size] == end ? text.substr(0, size) : std::string_view();
}

// Behind a "<".
bool opens_angle_token(std::string_view rest) noexcept {
  constexpr std::string_view kWideBar = "\xEF\xBD\x9C";  // as DeepSeek writes it
  if (rest.starts_with('|') || rest.starts_with('<') || rest.starts_with(kWideBar)) return true;
  const std::string_view name = name_before(rest, '>');
  if (name.empty()) return false;
  if (name.find('_') != std::string_view::npos || name.starts_with("0x")) return true;
  if (begins_like(name, "unused") || begins_like(name, "tool")) return true;
  return std::ranges::any_of(kTokenNames, [&](std::string_view known) {
    return name.size() == known.size() && begins_like(name, known);
  });
}

// Behind a "[".
bool opens_bracket_token(std::string_view rest) noexcept {
  const std::size_t blank = std::min(rest.find_first_not_of(" \t"), rest.size());
  const auto is_frame = [&](std::string_view name) {
    return begins_like(rest.substr(blank), name);
  };
  if (std::ranges::any_of(kFrameNames, is_frame)) return true;
  const std::string_view name = name_before(rest, ']');
  return std::ranges::count_if(name, is_upper) >= 2 && std::ranges::count_if(name, is_lower) <= 1;
}

// Bytes of the line break that `text` begins with, in any of the ways that Unicode knows; 0: none.
std::size_t line_break(std::string_view text) noexcept {
  if (text.starts_with("\r\n")) return 2;
  const auto first = static_cast<unsigned char>(text.front());
  if ((first >= 0x0A && first <= 0x0D) || (first >= 0x1C && first <= 0x1E)) return 1;
  if (text.starts_with("\xC2\x85")) return 2;
  return text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9") ? 3 : 0;
}

std::string without_tokens(std::string_view text, std::string_view new_line) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    if (const std::size_t size = line_break(text)) {
      out += new_line;
      text.remove_prefix(size);
      continue;
    }
    const char c = text.front();
    text.remove_prefix(1);
    out += c;
    const bool opens =
        (c == '<' && opens_angle_token(text)) || (c == '[' && opens_bracket_token(text));
    if (opens) out += ' ';
  }
  return out;
}

}  // namespace

std::string quoted_text(std::string_view text) { return without_tokens(text, kNewLine); }

std::string quoted_label(std::string_view text) {
  std::string label = without_tokens(text, " ");
  std::ranges::replace(label, ']', ')');
  return label;
}

}  // namespace keep::recall
