#include "plugins/knowledge/fact_words.hpp"

namespace keep::knowledge {

namespace {

bool in_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string tenant_word(std::int64_t tenant) { return "t" + std::to_string(tenant); }

std::string match_expression(std::int64_t tenant, std::string_view question) {
  std::string words;
  std::size_t count = 0;
  for (std::size_t at = 0; at < question.size() && count < kMaxWords; ++at) {
    if (!in_word(question[at])) continue;
    const std::size_t begin = at;
    while (at < question.size() && in_word(question[at])) ++at;
    if (!words.empty()) words += " OR ";
    words.append("\"").append(question.substr(begin, at - begin)).append("\"");
    ++count;
  }
  if (words.empty()) return words;
  return "tenant:\"" + tenant_word(tenant) + "\" AND {topic key value}:(" + words + ")";
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
