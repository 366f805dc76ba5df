// normalized_answer(): what stays the same of an answer when a client sends it back.
#include "openai/message.hpp"

namespace keep::openai {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view kOpen = "<think>", kClose = "</think>";

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

void append_collapsed(std::string& out, std::string_view text, bool& gap) {
  for (const char c : text) {
    if (is_space(c)) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out += c;
  }
}

}  // namespace

std::string normalized_answer(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t open = text.find(kOpen);
  const std::size_t close = text.find(kClose);
  // Some templates open the block in the prompt: then the text begins inside it.
  if (close < open) {
    text.remove_prefix(close + kClose.size());
    open = text.find(kOpen);
  }
  bool gap = false;
  while (open != npos) {
    const std::size_t end = text.find(kClose, open);
    if (end == npos) break;
    append_collapsed(out, text.substr(0, open), gap);
    text.remove_prefix(end + kClose.size());
    open = text.find(kOpen);
  }
  // A block that never ends is an answer cut while thinking, if it comes first; else it is
  // somebody writing about the tag.
  if (open != npos && out.empty() && text.find_first_not_of(" \t\n\v\f\r") == open) return out;
  append_collapsed(out, text, gap);
  return out;
}

}  // namespace keep::openai
