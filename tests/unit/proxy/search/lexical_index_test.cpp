#include "search/lexical_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace keep::search {
namespace {

constexpr std::int32_t k8May2023 = 19485;

class LexicalIndexTest : public testing::Test {
 protected:
  PassageId add(std::string_view text, std::string_view speaker = "", std::int32_t day = 0,
                std::uint32_t session = 0) {
    return index_.add({text, speaker, day, session});
  }
  std::vector<PassageId> found(std::string_view question, std::span<const PassageRange> within = {},
                               std::size_t limit = 100) {
    std::vector<PassageId> passages;
    for (const Hit& hit : index_.search(question, limit, within)) passages.push_back(hit.passage);
    return passages;
  }
  LexicalIndex index_;
};

using Ids = std::vector<PassageId>;

TEST_F(LexicalIndexTest, ScoresByRarityAndCount) {
  add("red boat", "", 0, 1);
  add("green tree", "", 0, 2);
  add("a boat, a boat", "", 0, 3);
  const auto hits = index_.search("boat", 9);
  ASSERT_EQ(hits.size(), 2U);
  const float idf = std::log(1 + 254.5F / 2.5F);  // as if of 256 passages 2 had the word
  EXPECT_EQ(hits[0].passage, 2U);
  EXPECT_NEAR(hits[0].score, idf * 2 / 2.6F * 1.6F, 1e-5);
  EXPECT_EQ(hits[1].passage, 0U);
  EXPECT_NEAR(hits[1].score, idf, 1e-5);
  EXPECT_NEAR(hits[1].relevance, 1, 1e-5);
}

TEST_F(LexicalIndexTest, AFewPassagesMakeNoWordCommonAndNoOtherRare) {
  add("The vault code of the museum is 7341.");
  add("Got it, the vault code of the museum is 7341.");
  const auto hits = index_.search("What is the vault code of the museum? This is query 17.", 1);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_GT(hits[0].relevance, 0.5F);
}

TEST_F(LexicalIndexTest, NeighboursOfASessionLendTheirWords) {
  add("green tree");
  add("red boat");
  add("blue sky");
  add("grey sea", "", 0, 1);
  const auto hits = index_.search("boat", 9);
  ASSERT_EQ(hits.size(), 3U);
  const float idf = std::log(1 + 255.5F / 1.5F);
  EXPECT_EQ(hits[0].passage, 1U);
  EXPECT_EQ(hits[1].passage, 2U);
  EXPECT_NEAR(hits[1].score, 0.8F * idf, 1e-5);
  EXPECT_EQ(hits[2].passage, 0U);
  EXPECT_NEAR(hits[2].score, 0.5F * idf, 1e-5);
}

TEST_F(LexicalIndexTest, WordsThatNobodySaidLowerTheRelevance) {
  add("red boat");
  const float known = index_.search("boat", 1).at(0).relevance;
  const float half = index_.search("boat xylophone", 1).at(0).relevance;
  EXPECT_NEAR(known, 1, 1e-5);
  EXPECT_LT(half, 0.5F);
  EXPECT_GT(half, 0.1F);
}

TEST_F(LexicalIndexTest, FindsAPassageAtOnce) {
  EXPECT_TRUE(found("boat").empty());
  EXPECT_EQ(add("the boat"), 0U);
  EXPECT_EQ(found("boats"), Ids{0});
  EXPECT_EQ(add("another boat", "", 0, 1), 1U);
  EXPECT_EQ(found("boats"), (Ids{0, 1}));
  EXPECT_EQ(index_.size(), 2U);
}

TEST_F(LexicalIndexTest, AsksNothingFindsNothing) {
  add("the boat");
  EXPECT_TRUE(found("").empty());
  EXPECT_TRUE(found("what is the").empty());
  EXPECT_TRUE(found("xylophone").empty());
  EXPECT_TRUE(index_.search("boat", 0).empty());
}

TEST_F(LexicalIndexTest, OthersThanWithinCountForNothing) {
  add("green tree");
  add("red boat");  // outside
  add("blue sky");
  add("boat trip");
  const std::vector<PassageRange> within = {{0, 0}, {2, 2}};
  EXPECT_TRUE(found("boat", within).empty());
  const std::vector<PassageRange> more = {{0, 0}, {2, 3}};
  const auto hits = index_.search("boat", 9, more);
  const float idf = std::log(1 + 254.5F / 2.5F);
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_EQ(hits[0].passage, 3U);
  EXPECT_EQ(hits[1].passage, 2U);
  // The one before is two away now, not three: neighbours are those within.
  EXPECT_EQ(hits[2].passage, 0U);
  EXPECT_NEAR(hits[2].score, 0.45F * idf, 1e-5);
}

TEST_F(LexicalIndexTest, PrefersTheSpeakerWhoIsNamed) {
  add("I like boats", "Anna", 0, 1);
  add("I like boats", "Caroline", 0, 2);
  EXPECT_EQ(found("Does Caroline like boats?").front(), 1U);
  EXPECT_EQ(found("Does Anna like boats?").front(), 0U);
}

TEST_F(LexicalIndexTest, PrefersWhereThePersonNamedSpeaks) {
  add("Caroline has boats", "John", 0, 1);
  add("good morning", "Caroline", 0, 2);
  add("boats are fun", "Melanie", 0, 2);
  EXPECT_EQ(found("Does Caroline like boats?"), (Ids{1, 2, 0}));
  EXPECT_EQ(found("Does Peter like boats?"), (Ids{0, 2, 1}));
}

TEST_F(LexicalIndexTest, PrefersWhereAllPersonsNamedSpeak) {
  add("Peter has boats", "Melanie", 0, 1);
  add("good morning", "Melanie", 0, 2);
  add("boats are fun", "Peter", 0, 2);
  EXPECT_EQ(found("Do Melanie and Peter like boats?"), (Ids{2, 1, 0}));
}

// Half of it is about boats.
void add_dialogue(LexicalIndex& index) {
  for (const char* text :
       {"the boat", "oh", "a boat", "the test", "that boat", "my", "our boat", "good"}) {
    index.add({text, index.size() % 2 == 0 ? "Anna" : "Peter", k8May2023, 7});
  }
}

TEST(LexicalIndex, WhatIsElsewhereDoesNotWeighTheWordsOfAPerson) {
  const std::string question = "When did Anna take a boat from the harbour to the test?";
  LexicalIndex alone, amid;
  add_dialogue(alone);
  // There tests are common, boats are rare, and there is a word that she has never used.
  for (std::uint32_t i = 0; i < 500; ++i) amid.add({"tests in the harbour", "", 0, 100 + i});
  const auto first = static_cast<PassageId>(amid.size());
  add_dialogue(amid);
  const auto expected = alone.search(question, 8), hits = amid.search(question, 8);
  ASSERT_EQ(hits.size(), 8U);
  ASSERT_EQ(expected.size(), 8U);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    EXPECT_EQ(hits[i].passage, first + expected[i].passage);
    EXPECT_FLOAT_EQ(hits[i].relevance, expected[i].relevance);
  }
}

TEST_F(LexicalIndexTest, RolesAreNoWords) {
  add("red boat", "user", 0, 1);
  add("blue boat", "assistant", 0, 2);
  EXPECT_TRUE(found("user").empty());
  EXPECT_EQ(found("which boat did you suggest?").front(), 1U);
}

TEST_F(LexicalIndexTest, PrefersTheDayAskedFor) {
  add("we saw a boat", "", k8May2023 + 100, 1);
  add("we saw a boat", "", k8May2023, 2);
  EXPECT_EQ(found("the boat we saw on 8 May").front(), 1U);
  EXPECT_EQ(found("the boat of August").front(), 0U);
}

TEST_F(LexicalIndexTest, PrefersAnswersToQuestions) {
  add("did you buy the boat?", "", 0, 1);
  add("I did buy the boat.", "", 0, 2);
  add("I did buy the boat yesterday.", "", 0, 3);
  EXPECT_EQ(found("did she buy a boat"), (Ids{1, 2, 0}));
  EXPECT_EQ(found("when did she buy a boat"), (Ids{2, 1, 0}));
}

TEST_F(LexicalIndexTest, FindsOtherScriptsAndNames) {
  add("\u6211\u4eec\u660e\u5929\u53bb\u5317\u4eac\u65c5\u884c", "", 0, 1);
  add("\u041c\u043e\u0441\u043a\u0432\u0430 is far", "", 0, 2);
  add("connect() failed: ECONNREFUSED in src/net/dial.cpp", "", 0, 3);
  add("set max_retry_count and dialTimeoutMs", "", 0, 4);
  EXPECT_EQ(found("\u53bb\u5317\u4eac\u5417"), Ids{0});
  EXPECT_EQ(found("\u043c\u043e\u0441\u043a\u0432\u0430"), Ids{1});
  EXPECT_EQ(found("econnrefused"), Ids{2});
  EXPECT_EQ(found("dial.cpp"), (Ids{2, 3}));
  EXPECT_EQ(found("max_retry_count"), Ids{3});
  EXPECT_EQ(found("retry"), Ids{3});
  EXPECT_EQ(found("dialTimeoutMs").front(), 3U);
}

TEST_F(LexicalIndexTest, SurvivesHostileTexts) {
  std::string words, names, binary;
  for (int i = 0; i < 100000; ++i) words += "w" + std::to_string(i) + " ";
  for (int i = 0; i < 100000; ++i) names += "w" + std::to_string(i) + "_";
  for (unsigned i = 0; i < 1 << 20; ++i) binary += static_cast<char>(i * 2654435761U >> 15);
  add(std::string(1 << 20, 'x'));
  add(words);
  add(names);
  add(binary);
  add("the boat");
  EXPECT_EQ(found("boat").front(), 4U);
  EXPECT_EQ(found("w99999").front(), 1U);
  EXPECT_EQ(found(words + "boat", {}, 1).size(), 1U);
  EXPECT_EQ(found(std::string(1 << 20, 'x')).front(), 0U);
  EXPECT_LT(index_.memory_bytes(), 8U << 20);
}

TEST_F(LexicalIndexTest, CanBeMoved) {
  add("the boat");
  LexicalIndex other = std::move(index_);
  other.add({"a boat", "", 0, 1});
  EXPECT_EQ(other.search("boat", 9).size(), 2U);
}

std::string random_text(std::mt19937& random, std::uint_fast32_t topic) {
  std::string text;
  for (int i = 0; i < 12; ++i) {
    const auto word = random() % 3 == 0 ? topic * 20 + random() % 20 : random() % 4000;
    text += "word" + std::to_string(word) + "q ";
  }
  return text;
}

void fill(LexicalIndex& index) {
  std::mt19937 random(7);
  for (unsigned i = 0; i < 6000; ++i) {
    const std::string text = random_text(random, i / 10 % 200);
    index.add({text, i % 2 == 0 ? "user" : "assistant", static_cast<std::int32_t>(19000 + i / 50),
               i / 25});
  }
}

TEST(LexicalIndex, TwoStagesFindWhatOneFinds) {
  LexicalIndex exact(0), staged;
  fill(exact);
  fill(staged);
  std::mt19937 random(8);
  std::size_t same = 0, wanted = 0;
  for (int round = 0; round < 50; ++round) {
    const std::string question = random_text(random, random() % 200);
    const auto all = exact.search(question, exact.size());
    const auto best = staged.search(question, 10);
    for (const Hit& hit : best) {
      const auto at = std::ranges::find(all, hit.passage, &Hit::passage);
      ASSERT_NE(at, all.end());
      EXPECT_NEAR(at->score, hit.score, 1e-3);  // what the second stage scores it scores fully
      same += at - all.begin() < 10 ? 1 : 0;
    }
    wanted += best.size();
  }
  EXPECT_GT(same, wanted * 9 / 10);
}

TEST(LexicalIndex, TheSameCallsGiveTheSameHits) {
  LexicalIndex first, second;
  fill(first);
  fill(second);
  std::mt19937 random(9);
  for (int round = 0; round < 20; ++round) {
    const std::string question = random_text(random, 3);
    const auto a = first.search(question, 20), b = second.search(question, 20);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].passage, b[i].passage);
      EXPECT_EQ(a[i].score, b[i].score);
    }
  }
  EXPECT_EQ(first.memory_bytes(), second.memory_bytes());
}

TEST(LexicalIndex, LargeScopesKeepOthersOut) {
  LexicalIndex index;
  fill(index);
  const std::vector<PassageRange> within = {{100, 2999}, {3500, 5000}};
  std::mt19937 random(10);
  for (int round = 0; round < 20; ++round) {
    for (const Hit& hit : index.search(random_text(random, 5), 200, within)) {
      EXPECT_TRUE((hit.passage >= 100 && hit.passage < 3000) ||
                  (hit.passage >= 3500 && hit.passage <= 5000));
    }
  }
}

TEST(LexicalIndex, TakesLittleMemory) {
  LexicalIndex index;
  EXPECT_LT(index.memory_bytes(), 1000U);
  index.add({"the first passage of a short conversation", "user", 19000, 0});
  EXPECT_LT(index.memory_bytes(), 4000U);
  fill(index);
  EXPECT_LT(index.memory_bytes(), 6000U * 12 * 8);
}

}  // namespace
}  // namespace keep::search
