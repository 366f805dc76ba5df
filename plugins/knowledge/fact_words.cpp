#include "plugins/knowledge/fact_words.hpp"

#include "base/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace keep::knowledge {

namespace {

bool in_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         !utf8::is_ascii(c);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!in_word(text[at])) continue;
    const std::size_t begin = at;
    while (at < text.size() && in_word(text[at])) ++at;
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

// Not one of the words that every second text has: looking at all of those takes the time.
bool is_telling(std::string_view word) {
  static constexpr std::array<std::string_view, 48> kCommon = {
      "a",     "about", "am",   "an",   "and",  "are",  "at",   "be",   "can",  "could",
      "did",   "do",    "does", "for",  "from", "has",  "have", "how",  "i",    "in",
      "is",    "it",    "me",   "my",   "of",   "on",   "or",   "our",  "s",    "t",
      "tell",  "that",  "the",  "this", "to",   "was",  "we",   "were", "what", "when",
      "where", "which", "who",  "why",  "will", "with", "you",  "your"};
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  });
  return !std::ranges::binary_search(kCommon, std::string_view(lower));
}

}  // namespace

std::string tenant_word(std::int64_t tenant) { return "t" + std::to_string(tenant); }

std::string match_expression(std::int64_t tenant, std::string_view question) {
  std::vector<std::string_view> words = words_of(question);
  if (std::ranges::any_of(words, is_telling)) {
    std::erase_if(words, [](std::string_view word) { return !is_telling(word); });
  }
  if (words.empty()) return {};
  if (words.size() > kMaxWords) words.resize(kMaxWords);
  std::string any;
  for (const std::string_view word : words) {
    if (!any.empty()) any += " OR ";
    any.append("\"").append(word).append("\"");
  }
  return "tenant:\"" + tenant_word(tenant) + "\" AND {topic key value}:(" + any + ")";
}

std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

}  // namespace keep::knowledge
