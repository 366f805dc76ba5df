#include "plugins/recall/choose/fact_ranker.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::recall {
namespace {

TEST(FactRanker, OneFactAmongFewIsAsRelevantAsAmongMany) {
  std::vector<std::string> texts{"pets dog's name: Bruno"};
  const FactRanker ranker;
  const float alone = ranker.rank("What is my dog's name?", texts).front();
  EXPECT_GT(alone, 0.8F);
  for (int i = 0; i < 200; ++i) texts.push_back("numbers n" + std::to_string(i) + ": nothing");
  const auto many = ranker.rank("What is my dog's name?", texts);
  EXPECT_NEAR(many.front(), alone, 0.1F);
  EXPECT_EQ(many.back(), 0.0F);
}

TEST(FactRanker, ATextGetsNothingFromTheNext) {
  const std::vector<std::string> texts{"alpha: one", "dog: Bruno", "omega: two"};
  const auto relevance = FactRanker().rank("the dog", texts);
  EXPECT_EQ(relevance[0], 0.0F);
  EXPECT_GT(relevance[1], 0.0F);
  EXPECT_EQ(relevance[2], 0.0F);
}

TEST(FactRanker, ALongTextIsAsRelevantAsItsBestPassage) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "word" + std::to_string(i) + " ";
  text += "the vault code of the museum is 7341.";
  const std::vector<std::string> texts{text, ""};
  const auto relevance = FactRanker().rank("What is the vault code of the museum?", texts);
  EXPECT_GT(relevance[0], 0.8F);
  EXPECT_EQ(relevance[1], 0.0F);
}

}  // namespace
}  // namespace keep::recall
