#include "text/temporal.hpp"

#include <gtest/gtest.h>

namespace keep::text {
namespace {

constexpr std::int32_t k8May2023 = 19485;

float match(std::string_view question, std::int32_t day) {
  return day_match(asked_days(plain_words(question), 2022, 2023), day);
}

TEST(Temporal, WritesDates) {
  EXPECT_EQ(date_text(k8May2023), "8 May 2023");
  EXPECT_EQ(date_text(-1), "31 December 1969");
  EXPECT_EQ(year_of(k8May2023), 2023);
}

TEST(Temporal, KnowsQuestionsAboutTime) {
  for (const char* const text : {"When did she go?", "so, when?", "What year was it?",
                                 "How long did it take?", "In which month?", "Which day?"}) {
    EXPECT_TRUE(asks_when(plain_words(text))) << text;
  }
  for (const char* const text : {"What did she buy?", "How many?", "", "In the house?"}) {
    EXPECT_FALSE(asks_when(plain_words(text))) << text;
  }
}

TEST(Temporal, KnowsTemporalWords) {
  for (const char* const word : {"yesterday", "may", "2022", "1999", "today's"}) {
    EXPECT_TRUE(is_temporal(word)) << word;
  }
  for (const char* const word : {"boat", "2a22", "3022", "", "'s"}) {
    EXPECT_FALSE(is_temporal(word)) << word;
  }
}

TEST(Temporal, ADayIsSpokenOfForSomeDays) {
  for (const char* const text :
       {"on 8 May 2023", "May 8th, 2023", "the 8th of May", "2023-05-08"}) {
    EXPECT_FLOAT_EQ(match(text, k8May2023), 1) << text;
    EXPECT_FLOAT_EQ(match(text, k8May2023 + 5), 0.7F) << text;
    EXPECT_FLOAT_EQ(match(text, k8May2023 + 11), 0) << text;
    EXPECT_FLOAT_EQ(match(text, k8May2023 - 1), 0) << text;
  }
}

TEST(Temporal, AMonthReachesIntoTheNext) {
  EXPECT_FLOAT_EQ(match("in May 2023", k8May2023), 0.6F);
  EXPECT_FLOAT_EQ(match("in May 2023", k8May2023 + 30), 0.6F);
  EXPECT_FLOAT_EQ(match("in May 2023", k8May2023 + 32), 0);
  EXPECT_FLOAT_EQ(match("in May 2022", k8May2023), 0);
  EXPECT_FLOAT_EQ(match("in May", k8May2023), 0.6F);
}

TEST(Temporal, MayIsNotAlwaysAMonth) {
  EXPECT_FLOAT_EQ(match("what may she buy", k8May2023), 0);
  EXPECT_FLOAT_EQ(match("the march of the penguins", k8May2023 - 60), 0);
}

TEST(Temporal, IgnoresDatesThatAreNone) {
  EXPECT_TRUE(asked_days(plain_words("31 February 2023, 2023-13-01"), 2022, 2023).empty());
  EXPECT_LE(asked_days(plain_words("in May"), -30000, 30000).size(), 100U);
}

}  // namespace
}  // namespace keep::text
