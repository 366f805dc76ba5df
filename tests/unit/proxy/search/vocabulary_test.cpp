#include "search/vocabulary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::search {
namespace {

TEST(Vocabulary, FormsOfAWordAreOneTerm) {
  Vocabulary vocabulary;
  const TermId go = vocabulary.add("going").id;
  EXPECT_EQ(vocabulary.add("went").id, go);
  EXPECT_EQ(vocabulary.add("goes").id, go);
  const TermId caroline = vocabulary.add("caroline").id;
  EXPECT_EQ(vocabulary.add("caroline's").id, caroline);
  EXPECT_NE(caroline, go);
  const TermId photo = vocabulary.add("photos").id;
  EXPECT_EQ(vocabulary.add("pictures").id, photo);
  EXPECT_EQ(vocabulary.add("picture").id, photo);
  EXPECT_EQ(vocabulary.size(), 3U);
}

TEST(Vocabulary, LeavesStopWordsOut) {
  Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.add("the").id, kNoTerm);
  EXPECT_EQ(vocabulary.add("don't").id, kNoTerm);
  EXPECT_EQ(vocabulary.find("the").hash, 0U);
  EXPECT_EQ(vocabulary.size(), 0U);
}

TEST(Vocabulary, FindsWithoutAdding) {
  Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.find("boats").id, kNoTerm);
  EXPECT_NE(vocabulary.find("boats").hash, 0U);
  const TermId boat = vocabulary.add("boat").id;
  EXPECT_EQ(vocabulary.find("boats").id, boat);
  EXPECT_EQ(vocabulary.size(), 1U);
}

TEST(Vocabulary, KnowsWordsOfTime) {
  Vocabulary vocabulary;
  for (int i = 0; i < 2; ++i) {  // the second time it remembers
    EXPECT_TRUE(vocabulary.add("yesterday").temporal);
    EXPECT_TRUE(vocabulary.add("2022").temporal);
    EXPECT_FALSE(vocabulary.add("boat").temporal);
  }
}

TEST(Vocabulary, KeepsTermsWhileItGrows) {
  Vocabulary vocabulary;
  std::vector<TermId> terms;
  for (int i = 0; i < 50000; ++i) terms.push_back(vocabulary.add("q" + std::to_string(i)).id);
  for (int i = 0; i < 50000; ++i) {
    const std::string word = "q" + std::to_string(i);
    ASSERT_EQ(vocabulary.add(word).id, terms[static_cast<std::size_t>(i)]);
    ASSERT_EQ(vocabulary.find(word).id, terms[static_cast<std::size_t>(i)]);
  }
  EXPECT_GT(vocabulary.size(), 49990U);  // 32 bits of a hash
  EXPECT_LT(vocabulary.memory_bytes(), 50000U * 20);
}

TEST(Vocabulary, NamesInPartsDoNotGrowItWithoutEnd) {
  Vocabulary vocabulary;
  const TermId name = vocabulary.add("max_size").id;
  for (int i = 0; i < 100000; ++i) vocabulary.add("max_" + std::to_string(i));
  EXPECT_EQ(vocabulary.find("max_size").id, name);
  EXPECT_LE(vocabulary.size(), 1U << 14);
}

}  // namespace
}  // namespace keep::search
