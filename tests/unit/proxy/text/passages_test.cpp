#include "text/passages.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace keep::text {
namespace {

std::string joined(const std::vector<std::string_view>& pieces) {
  std::string text;
  for (const std::string_view piece : pieces) text.append(piece);
  return text;
}

std::string repeated(std::string_view word, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text.append(word);
  return text;
}

TEST(SplitPassages, LeavesShortTextsWhole) {
  EXPECT_TRUE(split_passages("").empty());
  EXPECT_EQ(split_passages("one two").size(), 1U);
  // 150 words are 195 tokens: better a little long than a passage of a few words.
  EXPECT_EQ(split_passages(repeated("word ", 150)).size(), 1U);
  EXPECT_EQ(split_passages(repeated("word ", 160)).size(), 2U);
}

TEST(SplitPassages, CutsAtTheBestPlace) {
  const std::string sentence = repeated("word ", 70) + "end. " + repeated("word ", 200);
  EXPECT_TRUE(split_passages(sentence).front().ends_with("end. "));
  const std::string line = repeated("word ", 70) + "\n" + repeated("so. ", 200);
  EXPECT_TRUE(split_passages(line).front().ends_with("\n"));
  const std::string paragraph = repeated("word ", 70) + "\n\n" + repeated("so.\n", 200);
  EXPECT_TRUE(split_passages(paragraph).front().ends_with("\n\n"));
  EXPECT_TRUE(split_passages(repeated("word ", 300)).front().ends_with("word "));
  const std::string chinese = repeated("\u6c34", 200) + "\u3002" + repeated("\u706b", 300);
  EXPECT_TRUE(split_passages(chinese).front().ends_with("\u3002"));
}

TEST(SplitPassages, CutsEndlessWordsBetweenCharacters) {
  const std::string text = repeated("\u6c34", 5000);
  const auto pieces = split_passages(text);
  EXPECT_GT(pieces.size(), 10U);
  for (const std::string_view piece : pieces) EXPECT_EQ(piece.size() % 3, 0U);
  EXPECT_EQ(joined(pieces), text);
  EXPECT_EQ(joined(split_passages(std::string(100000, '\x80'))), std::string(100000, '\x80'));
}

TEST(SplitPassages, GivesTheTextBack) {
  std::mt19937 random(1);
  const std::string alphabet = "abc  \n.?\t\xe6\xb0\xb4\xff";
  for (int round = 0; round < 50; ++round) {
    std::string text;
    for (unsigned i = 0; i < 5000; ++i) text += alphabet[random() % alphabet.size()];
    const auto pieces = split_passages(text);
    EXPECT_EQ(joined(pieces), text);
    for (const std::string_view piece : pieces) EXPECT_LT(piece.size(), 1500U);
  }
}

}  // namespace
}  // namespace keep::text
