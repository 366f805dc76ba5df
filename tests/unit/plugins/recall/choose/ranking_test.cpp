#include "plugins/recall/choose/ranking.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::recall {
namespace {

using Questions = std::vector<std::string>;

Found found(const std::string& text, float relevance) {
  Found one;
  one.text = text;
  one.relevance = relevance;
  return one;
}

std::vector<std::string> texts_of(const std::vector<Ranked>& ranked) {
  std::vector<std::string> texts;
  for (const Ranked& one : ranked) texts.push_back(one.found.text);
  return texts;
}

std::string filler(std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text += "lorem ";
  return text;
}

const Questions kQuestion{"What is the code of the museum?"};

TEST(RankPassages, ByRelevance) {
  EXPECT_EQ(texts_of(rank_passages({found("code", 0.5F), found("museum", 0.7F)}, kQuestion)),
            (Questions{"museum", "code"}));
}

TEST(RankPassages, AllWordsInOnePlaceWinOverARepeatedOne) {
  const auto ranked = rank_passages(
      {found("code code code", 1.2F), found("The museum's code is 7341.", 1)}, kQuestion);
  EXPECT_EQ(ranked.front().found.text, "The museum's code is 7341.");
  EXPECT_TRUE(ranked.front().whole);
  EXPECT_FALSE(ranked.back().whole);
}

TEST(RankPassages, AQuestionIsNoAnswer) {
  const auto ranked = rank_passages({found("Do you know the code of the museum?\n", 1)}, kQuestion);
  EXPECT_FALSE(ranked.front().whole);
}

TEST(RankPassages, WordsFarFromEachOtherAreWorthLess) {
  const std::string close = filler(100) + "museum code";
  const std::string far = "museum " + filler(100) + "code";
  const auto ranked = rank_passages({found(far, 1), found(close, 1)}, kQuestion);
  EXPECT_EQ(ranked.front().found.text, close);
  EXPECT_EQ(ranked.front().score, 1.0F);
  EXPECT_FALSE(ranked.back().whole);
  EXPECT_LT(ranked.back().score, 0.7F);
  const auto very_far = rank_passages({found("museum " + filler(5000) + "code", 1)}, kQuestion);
  EXPECT_GT(very_far.front().score, 0.2F);
}

TEST(RankPassages, QuestionsTakeTurns) {
  const Questions questions{"What is the code of the museum?", "Where does Anna live?"};
  const auto ranked = rank_passages({found("museum code 1", 0.9F), found("museum code 2", 0.8F),
                                     found("Anna lives in Rome.", 0.6F)},
                                    questions);
  EXPECT_EQ(texts_of(ranked), (Questions{"museum code 1", "Anna lives in Rome.", "museum code 2"}));
  EXPECT_EQ(ranked[1].question, 1U);
}

TEST(RankPassages, NothingAskedNothingFound) {
  EXPECT_TRUE(rank_passages({}, {}).empty());
  EXPECT_EQ(rank_passages({found("x", 1)}, {}).size(), 1U);
}

}  // namespace
}  // namespace keep::recall
