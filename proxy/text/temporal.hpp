// Temporal: what words say about days. Pure, any thread. Days are counted from 1970-01-01.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::text {

// A day as the words of a date: "8 May 2023".
std::string date_text(std::int32_t number);
int year_of(std::int32_t number) noexcept;

// "yesterday", "weekend", "may", "2022": a text with one may answer a question about time.
// Lower-case.
bool is_temporal(std::string_view word) noexcept;

// The runs of ASCII letters and digits of a question, as written and in lower case.
struct PlainWords {
  std::vector<std::string_view> written;  // views into the text
  std::vector<std::string> lower;
};
PlainWords plain_words(std::string_view text);

// "when", "how long", "what year", "in which month".
bool asks_when(const PlainWords& question) noexcept;

// What a question says about the day of something.
struct AskedDays {
  std::int32_t first = 0, last = 0;
  bool exact = false;  // one day, and some more on which one may still speak of it
};
// The dates and months named in the question; in every year of first_year..last_year when none is
// named with them.
std::vector<AskedDays> asked_days(const PlainWords& question, int first_year, int last_year);

// 0 to 1: how well something told on that day answers to what was asked.
float day_match(std::span<const AskedDays> asked, std::int32_t day) noexcept;

}  // namespace keep::text
