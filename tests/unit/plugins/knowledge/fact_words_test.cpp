#include "plugins/knowledge/fact_words.hpp"

#include <gtest/gtest.h>

namespace keep::knowledge {
namespace {

TEST(MatchExpression, QuotesEveryWord) {
  EXPECT_EQ(match_expression(7, "my dog's NEAR(name*)"),
            R"(tenant:"t7" AND {topic key value}:("dog" OR "NEAR" OR "name"))");
}

TEST(MatchExpression, TakesCommonWordsWhenThereAreNoOthers) {
  EXPECT_EQ(match_expression(7, "The Who"),
            R"(tenant:"t7" AND {topic key value}:("The" OR "Who"))");
  for (const char* word : {"a", "about", "s", "t", "tell", "where", "which", "who", "your"}) {
    EXPECT_EQ(match_expression(1, std::string(word) + " dog"), match_expression(1, "dog")) << word;
  }
}

TEST(MatchExpression, IsEmptyWithoutWords) {
  EXPECT_EQ(match_expression(1, ""), "");
  EXPECT_EQ(match_expression(1, "\" * ( ) ^ : - +"), "");
}

TEST(MatchExpression, PassesOverWhatIsTooMuch) {
  std::string question;
  for (int i = 0; i < 1000; ++i) question += "w" + std::to_string(i) + " ";
  const std::string expression = match_expression(1, question);
  EXPECT_NE(expression.find("\"w63\""), std::string::npos);
  EXPECT_EQ(expression.find("\"w64\""), std::string::npos);
}

TEST(LikePattern, TakesWildcardsAsTheyAre) {
  EXPECT_EQ(like_pattern("50%_a\\b"), "%50\\%\\_a\\\\b%");
}

}  // namespace
}  // namespace keep::knowledge
