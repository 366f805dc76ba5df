#include "plugins/hygiene/text_difference.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace keep::hygiene {
namespace {

TEST(FirstDifference, FindsTheByte) {
  EXPECT_EQ(first_difference("abc", "abd"), 2U);
  EXPECT_EQ(first_difference("abc", "abcd"), 3U);
  EXPECT_EQ(first_difference("", "x"), 0U);
  EXPECT_EQ(first_difference("same", "same"), 4U);
}

TEST(ClassifyChange, SeesClocksAndDates) {
  const std::pair<std::string_view, std::string_view> pairs[] = {
      {"Now: 2026-11-21T10:00:01Z.", "Now: 2026-11-21T10:00:02Z."},
      {"It is 9:59 here", "It is 10:00 here"},
      {"Today is Monday.", "Today is Tuesday."},
      {"Today is 21 November 2026", "Today is 22 November 2026"},
      {"Date: Nov 21", "Date: Dec 21"},
      {"ts=1763712000", "ts=1763712060"},
      {"on 21.11.2026", "on 22.11.2026"},
      {"on 11/21/2026", "on 11/22/2026"},
      {"\"2026-11-21\",", "\"2026-11-22\","},
  };
  for (const auto& [a, b] : pairs) EXPECT_EQ(classify_change(a, b), TextChange::kTimestamp) << a;
}

TEST(ClassifyChange, SeesNoClockInOtherChanges) {
  const std::pair<std::string_view, std::string_view> pairs[] = {
      {"You are helpful", "You are harmful"},
      {"version 1.2.3", "version 1.2.4"},
      {"item-12", "item-13"},
      {"Monitor it", "Sunset it"},
      {"3 apples", "4 apples"},
      {"abc", "abc and more"},
      {"cch=1a2b", "cch=9f3c"},
      {"", "10:00"},
  };
  for (const auto& [a, b] : pairs) EXPECT_EQ(classify_change(a, b), TextChange::kOther) << a;
}

TEST(ClassifyChange, SeesWhiteSpace) {
  EXPECT_EQ(classify_change("a b\n", "a  b"), TextChange::kWhiteSpace);
  EXPECT_EQ(classify_change("a", "a"), TextChange::kNone);
  EXPECT_EQ(classify_change("a b", "a c"), TextChange::kOther);
}

}  // namespace
}  // namespace keep::hygiene
