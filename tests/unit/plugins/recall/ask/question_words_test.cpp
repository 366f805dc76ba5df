#include "plugins/recall/ask/question_words.hpp"

#include <gtest/gtest.h>

namespace keep::recall {
namespace {

TEST(QuestionWords, CountsThoseThatTellSomething) {
  EXPECT_EQ(QuestionWords("What is the code of the museum?").size(), 2U);
  EXPECT_EQ(QuestionWords("codes, the code: encode").size(), 2U);
  EXPECT_EQ(QuestionWords("").size(), 0U);
}

TEST(QuestionWords, FindsThemInAnyForm) {
  const QuestionWords words("What is the code of the museum?");
  EXPECT_TRUE(words.all_in(words.find_in("The codes of the museum are 7341.")));
  EXPECT_FALSE(words.all_in(words.find_in("The code of the castle is 7341.")));
  EXPECT_EQ(words.find_in("Code code castle").words, 1U);
  EXPECT_EQ(words.find_in("").words, 0U);
}

TEST(QuestionWords, OneWordIsNotAllThereIsToSay) {
  const QuestionWords words("What is the code?");
  EXPECT_FALSE(words.all_in(words.find_in("The code is 7341.")));
  const QuestionWords none("");
  EXPECT_FALSE(none.all_in(none.find_in("The code is 7341.")));
}

TEST(QuestionWords, TellsTheShortestPartThatHasThem) {
  const QuestionWords words("code of the museum in Rome");
  EXPECT_EQ(words.find_in("code a b c museum code").span, 2U);
  EXPECT_EQ(words.find_in("Rome x code museum x x Rome").span, 4U);
  EXPECT_EQ(words.find_in("the code").span, 1U);
  EXPECT_EQ(words.find_in("nothing").span, 0U);
}

}  // namespace
}  // namespace keep::recall
