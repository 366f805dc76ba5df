#include "text/temporal.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <unordered_set>
#include <utility>

namespace keep::text {

namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
// One speaks of a day for some days, of a month a little into the next one.
constexpr std::int32_t kDaysAfter = 10;
constexpr float kLossPerDay = 0.06F;
constexpr std::int32_t kMonthDays = 38;
constexpr float kMonthMatch = 0.6F;
constexpr int kMaxYears = 50;  // of a month without a year

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
char small(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_number(std::string_view word) noexcept {
  return !word.empty() && std::ranges::all_of(word, is_digit);
}

int number_of(std::string_view digits) noexcept {
  int number = 0;
  for (const char digit : digits) number = number * 10 + (digit - '0');
  return number;
}

bool is_year(std::string_view word) noexcept {
  return word.size() == 4 && (word.starts_with("19") || word.starts_with("20")) && is_number(word);
}

template <class... Words>
bool is_any(std::string_view word, Words... words) noexcept {
  return ((word == words) || ...);
}

std::string_view word_at(const PlainWords& words, std::size_t at) noexcept {
  return at < words.lower.size() ? std::string_view(words.lower[at]) : std::string_view();
}

std::optional<month> month_of(std::string_view word) noexcept {
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    const auto equal = [](char a, char b) { return a == small(b); };
    if (std::ranges::equal(word, kMonths[i], equal)) return month(i + 1);
  }
  return std::nullopt;
}

// "8" and "8th"; 0 for anything else.
unsigned day_number(std::string_view word) noexcept {
  if (word.size() > 2 && !is_digit(word.back())) word.remove_suffix(2);
  if (word.size() > 2 || !is_number(word)) return 0;
  const int number = number_of(word);
  return number <= 31 ? static_cast<unsigned>(number) : 0;
}

std::int32_t to_day(year_month_day date) noexcept {
  return static_cast<std::int32_t>(sys_days(date).time_since_epoch().count());
}

// "may" and "march" are months only if the word before them or a number beside them says so.
bool means_month(const PlainWords& words, std::size_t at) noexcept {
  const std::string_view word = word_at(words, at), after = word_at(words, at + 1);
  if (word != "may" && word != "march") return true;
  if (!after.empty() && is_digit(after.front())) return true;
  if (at == 0) return false;
  const std::string_view before = word_at(words, at - 1);
  return is_digit(before.front()) || is_any(before, "in", "on", "since", "of", "during", "before",
                                            "after", "early", "late", "mid", "last", "until");
}

// The day of the month beside a month: "may 8", "8 may", "8th of may"; 0 when there is none.
unsigned day_beside(const PlainWords& words, std::size_t at) noexcept {
  unsigned number = day_number(word_at(words, at + 1));
  if (number == 0 && at > 0) number = day_number(word_at(words, at - 1));
  if (number == 0 && at > 1 && word_at(words, at - 1) == "of") {
    number = day_number(word_at(words, at - 2));
  }
  return number;
}

void add_exact(std::vector<AskedDays>& asked, year_month_day date) {
  if (!date.ok()) return;
  const std::int32_t first = to_day(date);
  asked.push_back({first, first + kDaysAfter, true});
}

}  // namespace

std::string date_text(std::int32_t number) {
  const year_month_day date{sys_days(std::chrono::days(number))};
  std::string text = std::to_string(static_cast<unsigned>(date.day()));
  text.append(" ").append(kMonths[static_cast<unsigned>(date.month()) - 1]);
  return text.append(" ").append(std::to_string(static_cast<int>(date.year())));
}

int year_of(std::int32_t number) noexcept {
  return static_cast<int>(year_month_day{sys_days(std::chrono::days(number))}.year());
}

bool is_temporal(std::string_view word) noexcept {
  static const std::unordered_set<std::string_view> words = {
      "yesterday", "today",  "tonight", "tomorrow",  "last",      "next",    "ago",
      "week",      "weeks",  "weekend", "weekends",  "month",     "months",  "year",
      "years",     "day",    "days",    "january",   "february",  "march",   "april",
      "may",       "june",   "july",    "august",    "september", "october", "november",
      "december",  "monday", "tuesday", "wednesday", "thursday",  "friday",  "saturday",
      "sunday",    "mon",    "tue",     "tues",      "wed",       "thur",    "thurs",
      "fri",       "sat",    "sun",     "morning",   "recently",  "since",   "summer",
      "winter",    "spring", "fall",    "christmas", "birthday"};
  if (word.ends_with("'s")) word.remove_suffix(2);
  return words.contains(word) || is_year(word);
}

PlainWords plain_words(std::string_view text) {
  PlainWords words;
  const auto is_plain = [](char c) { return is_digit(c) || (small(c) >= 'a' && small(c) <= 'z'); };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_plain(text[end])) ++end;
    if (end > at) {
      words.written.push_back(text.substr(at, end - at));
      words.lower.emplace_back(words.written.back());
      for (char& c : words.lower.back()) c = small(c);
    }
    at = end + 1;
  }
  return words;
}

bool asks_when(const PlainWords& question) noexcept {
  if (std::ranges::find(question.lower, "when") != question.lower.end()) return true;
  const std::string_view first = word_at(question, 0), second = word_at(question, 1);
  if (first == "what") return is_any(second, "year", "month", "date", "day", "time");
  if (first == "which") return is_any(second, "year", "month", "day");
  if (first == "how") return second == "long";
  return is_any(first, "in", "on") && second == "which";
}

std::vector<AskedDays> asked_days(const PlainWords& question, int first_year, int last_year) {
  std::vector<AskedDays> asked;
  const auto named = std::ranges::find_if(question.lower, is_year);
  if (named != question.lower.end()) first_year = last_year = number_of(*named);
  first_year = std::max(first_year, last_year - kMaxYears);
  std::array<bool, 13> seen{};
  for (std::size_t i = 0; i < question.lower.size(); ++i) {
    const std::string_view word = question.lower[i];
    if (is_year(word) && word_at(question, i + 1).size() == 2) {  // 2023-05-08
      const unsigned number = day_number(word_at(question, i + 2));
      const month of{day_number(word_at(question, i + 1))};
      if (number > 0) add_exact(asked, year(number_of(word)) / of / day(number));
      continue;
    }
    const std::optional<month> found = month_of(word);
    if (!found || !means_month(question, i)) continue;
    if (std::exchange(seen[static_cast<unsigned>(*found)], true)) continue;
    const unsigned number = day_beside(question, i);
    for (int y = first_year; y <= last_year; ++y) {
      if (number > 0) {
        add_exact(asked, year(y) / *found / day(number));
      } else {
        const std::int32_t first = to_day(year(y) / *found / day(1));
        asked.push_back({first, first + kMonthDays, false});
      }
    }
  }
  return asked;
}

float day_match(std::span<const AskedDays> asked, std::int32_t day) noexcept {
  float best = 0;
  for (const AskedDays& days : asked) {
    if (day < days.first || day > days.last) continue;
    const auto after = static_cast<float>(day - days.first);
    best = std::max(best, days.exact ? 1 - kLossPerDay * after : kMonthMatch);
  }
  return best;
}

}  // namespace keep::text
