#include "plugins/recall/prompt/quoted_text.hpp"

#include <algorithm>
#include <cstddef>

namespace keep::recall {

namespace {

constexpr std::string_view kNewLine = "\n> ";
constexpr std::size_t kMaxName = 64;  // of a special token

// Names of special tokens, beside all that have an underscore.
constexpr std::string_view kTokenNames[] = {
    "s",        "bos",      "eos",  "pad",  "unk",       "mask",  "sop", "eop",   "eot",
    "eod",      "eoa",      "eoh",  "eom",  "cls",       "sep",   "sys", "inst",  "think",
    "system",   "user",     "role", "turn", "assistant", "img",   "ref", "image", "channel",
    "response", "reponame", "box",  "quad", "filename",  "slice", "tool"};
// What our own frames begin with behind the bracket.
constexpr std::string_view kFrameNames[] = {"recalled from", "known:"};

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_name_char(char c) noexcept {
  return is_upper(c) || is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == ':';
}

bool begins_like(std::string_view text, std::string_view lower) noexcept {
  if (text.size() < lower.size()) return false;
  return std::ranges::equal(text.substr(0, lower.size()), lower, {}, to_lower);
}

// The name that stands there, behind a slash or not, and what follows it.
struct Named {
  std::string_view name, rest;
};
Named named(std::string_view text) noexcept {
  if (text.starts_with('/')) text.remove_prefix(1);
  const auto stop = std::ranges::find_if_not(text.substr(0, kMaxName), is_name_char);
  const auto size = static_cast<std::size_t>(stop - text.begin());
  return {text.substr(0, size), text.substr(size)};
}

bool is_token_name(std::string_view name) noexcept {
  const auto upper = std::ranges::count_if(name, is_upper);
  const auto letters = upper + std::ranges::count_if(name, is_lower);
  if (name.find('_') != name.npos || name.starts_with("0x")) return true;
  if (name.find(':') != name.npos && name.find("::") == name.npos) return true;
  if (begins_like(name, "unused") || begins_like(name, "tool")) return true;
  if (upper >= 3 && upper == letters) return true;
  if (std::ranges::count_if(name, is_digit) >= 3) return true;
  return std::ranges::any_of(kTokenNames, [&](std::string_view known) {
    return name.size() == known.size() && begins_like(name, known);
  });
}

// Behind a "<".
bool opens_angle_token(std::string_view rest) noexcept {
  constexpr std::string_view kWideBar = "\xEF\xBD\x9C";  // as DeepSeek writes it
  for (const std::string_view begin :
       {std::string_view("|"), std::string_view("<"), std::string_view("["), kWideBar}) {
    if (rest.starts_with(begin)) return true;
  }
  const Named tag = named(rest);
  if (tag.name.empty()) return false;
  return tag.rest.starts_with("|>") || (tag.rest.starts_with('>') && is_token_name(tag.name));
}

// Behind a "[".
bool opens_bracket_token(std::string_view rest) noexcept {
  const std::size_t blank = std::min(rest.find_first_not_of(" \t"), rest.size());
  const auto is_frame = [&](std::string_view name) {
    return begins_like(rest.substr(blank), name);
  };
  if (std::ranges::any_of(kFrameNames, is_frame)) return true;
  if (rest.starts_with('|') || rest.starts_with('@') || rest.starts_with("e~[")) return true;
  const Named mark = named(rest);
  if (!mark.rest.starts_with(']')) return false;
  const auto upper = std::ranges::count_if(mark.name, is_upper);
  return begins_like(mark.name, "unused") ||
         (upper >= 2 && std::ranges::count_if(mark.name, is_lower) <= 1);
}

// Behind a "]", as MiniMax writes them: ]~b] ]~!b[ ]!p~[ ]<]minimax[>[
bool opens_turned_token(std::string_view rest) noexcept {
  return rest.starts_with('~') || rest.starts_with("<]") ||
         (rest.starts_with('!') && rest.substr(0, 4).find('~') != rest.npos);
}

bool opens_token(char c, std::string_view rest) noexcept {
  if (c == '<') return opens_angle_token(rest);
  return c == '[' ? opens_bracket_token(rest) : c == ']' && opens_turned_token(rest);
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
    if (opens_token(c, text)) out += ' ';
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
