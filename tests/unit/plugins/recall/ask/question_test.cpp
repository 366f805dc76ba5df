#include "plugins/recall/ask/question.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::recall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(QuestionsOf, OneTextIsOneQuestion) {
  EXPECT_THAT(questions_of("What is the code?", ""), ElementsAre("What is the code?"));
  EXPECT_THAT(questions_of("Tell me the code. Please.", ""),
              ElementsAre("Tell me the code. Please."));
  EXPECT_THAT(questions_of("", "x"), IsEmpty());
}

TEST(QuestionsOf, AQuestionAmongOtherSentencesIsAskedAloneAsWell) {
  EXPECT_THAT(questions_of("What is the vault code? This is query 17.", ""),
              ElementsAre("What is the vault code?", "What is the vault code? This is query 17."));
  EXPECT_THAT(questions_of("I like to paint. What do you think?", ""),
              ElementsAre("I like to paint. What do you think?"));
}

TEST(QuestionsOf, SeveralQuestionsAreAskedOneByOne) {
  EXPECT_THAT(questions_of("Hi. What is the code? Thanks. And where is Bo?", ""),
              ElementsAre(" What is the code?", " And where is Bo?"));
  EXPECT_EQ(questions_of("a? b? c? d? e?", "").size(), 1U);
}

TEST(QuestionsOf, ReferencesGetTheNamesOfTheTurnBefore) {
  EXPECT_THAT(questions_of("When did she leave?", "I met Anna in Rome. The train was late."),
              ElementsAre("When did she leave? Anna Rome"));
  EXPECT_THAT(questions_of("When did Eva leave?", "I met Anna in Rome."),
              ElementsAre("When did Eva leave?"));
  EXPECT_THAT(questions_of("Fix it.", "Look at read_file and line 12"),
              ElementsAre("Fix it. read_file 12"));
}

TEST(Asks, ByMarkOrFirstWord) {
  EXPECT_TRUE(asks("Is it so?"));
  EXPECT_TRUE(asks("tell me more"));
  EXPECT_TRUE(asks("Well. What was the name"));
  EXPECT_TRUE(asks("你叫什么名字\uff1f"));
  EXPECT_FALSE(asks("I like what you did"));
  EXPECT_FALSE(asks(""));
}

TEST(AddsTo, SaysWhetherThereIsAnythingNew) {
  EXPECT_TRUE(TurnWords("What is the code?").lack_some_of("The code is 7341."));
  EXPECT_FALSE(TurnWords("What is the code?").lack_some_of("The code."));
  EXPECT_FALSE(TurnWords("x").lack_some_of(""));
}

}  // namespace
}  // namespace keep::recall
