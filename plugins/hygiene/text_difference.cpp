#include "plugins/hygiene/text_difference.hpp"

#include <algorithm>

namespace keep::hygiene {

namespace {

constexpr std::size_t kMaxWord = 40;

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view word_at(std::string_view text, std::size_t at) noexcept {
  std::size_t begin = at, end = at;
  while (begin > 0 && at - begin < kMaxWord && !is_space(text[begin - 1])) --begin;
  while (end < text.size() && end - at < kMaxWord && !is_space(text[end])) ++end;
  return text.substr(begin, end - begin);
}

bool same_shape(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) {
    return x == y || (is_digit(x) && is_digit(y)) || (is_letter(x) && is_letter(y));
  });
}

bool reads_like_time(std::string_view word) noexcept {
  std::size_t digits = 0, run = 0, longest = 0, separators = 0;
  bool dots = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    run = is_digit(word[i]) ? run + 1 : 0;
    digits += run > 0 ? 1 : 0;
    longest = std::max(longest, run);
    const bool between =
        i > 0 && i + 1 < word.size() && is_digit(word[i - 1]) && is_digit(word[i + 1]);
    if (between && (word[i] == ':' || word[i] == '-' || word[i] == '/')) ++separators;
    dots |= between && word[i] == '.';
  }
  return separators > 0 || longest >= 9 || (dots && digits >= 6);
}

bool is_calendar_name(std::string_view word) noexcept {
  static constexpr std::string_view kNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
                                                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                                "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto first = std::ranges::find_if(word, is_letter);
  word.remove_prefix(static_cast<std::size_t>(first - word.begin()));
  const auto end = std::ranges::find_if_not(word, is_letter);
  const auto letters = static_cast<std::size_t>(end - word.begin());
  // "Monday," but not "Monitor": full names end in "day", or are those of months.
  return letters <= 9 && std::ranges::any_of(kNames, [&](std::string_view name) {
           return word.starts_with(name) &&
                  (letters == 3 || word.substr(0, letters).ends_with("day") ||
                   word.substr(0, letters).ends_with("ber") || name == "Jan" || name == "Feb" ||
                   name == "Mar" || name == "Apr" || name == "Jun" || name == "Jul" ||
                   name == "Aug");
         });
}

// A clock shows another number of digits now and then: 9:59, 10:00.
bool is_timestamp_change(std::string_view a, std::string_view b, std::size_t at) noexcept {
  const std::string_view before = word_at(a, at), after = word_at(b, at);
  if (is_calendar_name(before) && is_calendar_name(after)) return true;
  if (!reads_like_time(before) || !reads_like_time(after)) {
    // "21 November": a bare number next to the name of a month.
    const auto next_word = [](std::string_view text, std::string_view word) {
      auto rest = text.substr(static_cast<std::size_t>(word.data() - text.data()) + word.size());
      rest.remove_prefix(std::min(rest.find_first_not_of(" ,"), rest.size()));
      return rest.empty() ? rest : word_at(rest, 0);
    };
    const auto is_number = [](std::string_view word) {
      return !word.empty() && word.size() <= 5 && is_digit(word.front());
    };
    return is_number(before) && is_number(after) && is_calendar_name(next_word(a, before)) &&
           is_calendar_name(next_word(b, after));
  }
  const std::size_t longer = std::max(before.size(), after.size());
  const std::size_t shorter = std::min(before.size(), after.size());
  return same_shape(before, after) || longer - shorter <= 2;
}

bool same_without_space(std::string_view a, std::string_view b) noexcept {
  std::size_t i = 0, j = 0;
  for (;; ++i, ++j) {
    while (i < a.size() && is_space(a[i])) ++i;
    while (j < b.size() && is_space(b[j])) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (a[i] != b[j]) return false;
  }
}

}  // namespace

std::size_t first_difference(std::string_view a, std::string_view b) noexcept {
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(at - a.begin());
}

TextChange classify_change(std::string_view a, std::string_view b) {
  if (a == b) return TextChange::kNone;
  if (same_without_space(a, b)) return TextChange::kWhiteSpace;
  return is_timestamp_change(a, b, first_difference(a, b)) ? TextChange::kTimestamp
                                                           : TextChange::kOther;
}

}  // namespace keep::hygiene
