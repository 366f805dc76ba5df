#include "plugins/recall/fog/fusion.hpp"

#include "base/json/json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::recall {
namespace {

class FusionTest : public testing::Test {
 protected:
  FusionTest() {
    std::vector<StoredMessage> messages;
    for (Position i = 0; i < 20; ++i) {
      StoredMessage& one = messages.emplace_back();
      one.info.position = i;
      one.info.role = Role::kUser;
      one.json = R"({"content":"text"})";
    }
    index_.add(messages);
  }
  static FoundPassage by_words(search::PassageId passage, float relevance) {
    return {passage, passage, 0, relevance, 0};
  }
  static SimilarPassage similar(Position message, float deviations, float cosine = 0.5F) {
    return {{message, 0}, cosine, deviations};
  }
  std::vector<search::PassageId> order(std::vector<FoundPassage> words,
                                       const std::vector<SimilarPassage>& vectors,
                                       std::size_t limit = 10) const {
    std::vector<search::PassageId> passages;
    for (const FoundPassage& one : fuse(std::move(words), vectors, find_, limit)) {
      passages.push_back(one.passage);
    }
    return passages;
  }

  using Order = std::vector<search::PassageId>;
  ConversationIndex index_;
  const FindPassage find_ = [this](PassagePlace place) { return index_.find(place); };
};

TEST_F(FusionTest, WithoutVectorsTheWordsDecide) {
  EXPECT_EQ(order({by_words(3, 0.9F), by_words(1, 0.5F)}, {}), (Order{3, 1}));
  EXPECT_EQ(order({by_words(3, 0.9F), by_words(1, 0.5F)}, {}, 1), (Order{3}));
}

TEST_F(FusionTest, WhatIsUsualChangesNothing) {
  const auto fused =
      fuse({by_words(3, 0.51F), by_words(1, 0.5F)}, std::vector{similar(1, 1.9F)}, find_, 10);
  EXPECT_EQ(fused.at(0).passage, 3U);
  EXPECT_EQ(fused.at(1).bonus, 0);
}

TEST_F(FusionTest, WhatIsUnusualIsLiftedALittle) {
  EXPECT_EQ(order({by_words(3, 0.6F), by_words(1, 0.5F)}, {similar(1, 4)}), (Order{1, 3}));
  EXPECT_EQ(order({by_words(3, 0.9F), by_words(1, 0.5F)}, {similar(1, 50)}), (Order{3, 1}));
  const auto fused = fuse({by_words(1, 0.5F)}, std::vector{similar(1, 50)}, find_, 10);
  EXPECT_EQ(fused.at(0).relevance, 0.5F);
  EXPECT_EQ(fused.at(0).bonus, kBonus);
}

TEST_F(FusionTest, OnlyWhatIsClearComesByItself) {
  EXPECT_EQ(order({by_words(3, 0.9F)}, {similar(5, 4.9F, 0.9F), similar(6, 9, 0.69F)}), (Order{3}));
  const auto fused = fuse({by_words(3, 0.9F)}, std::vector{similar(5, 5.1F, 0.71F)}, find_, 10);
  ASSERT_EQ(fused.size(), 2U);
  EXPECT_EQ(fused[1].passage, 5U);
  EXPECT_EQ(fused[1].message, 5U);
  EXPECT_EQ(fused[1].relevance, 0);
  EXPECT_EQ(fused[1].bonus, kClear);
}

TEST_F(FusionTest, WhatIsClearIsRelevantWhateverItsWords) {
  const auto fused = fuse({by_words(5, 0.05F)}, std::vector{similar(5, 6, 0.8F)}, find_, 10);
  EXPECT_FLOAT_EQ(fused.at(0).relevance + fused.at(0).bonus, kClear);
}

TEST_F(FusionTest, WhatIsNotIndexedYetIsLeftOut) {
  EXPECT_EQ(order({by_words(3, 0.9F)}, {similar(99, 9, 0.9F)}), (Order{3}));
}

}  // namespace
}  // namespace keep::recall
