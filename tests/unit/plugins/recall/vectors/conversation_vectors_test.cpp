#include "plugins/recall/vectors/conversation_vectors.hpp"

#include "tests/support/random_vectors.hpp"
#include "tests/unit/plugins/recall/made_message.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::recall {
namespace {

TEST(PassagesToEmbed, ThoseThatSaySomethingFromAPlaceOn) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "word" + std::to_string(i) + " ";
  const std::vector messages{message(0, "Be brief.", Role::kSystem), message(1, "One."),
                             message(2, " \n "), message(3, text)};
  const auto all = passages_to_embed(messages, {});
  ASSERT_GE(all.size(), 4U);
  EXPECT_EQ(all[0].text, "One.");
  EXPECT_EQ(all[0].stamp, stamp_of(messages[1].info));
  EXPECT_EQ(all[1].place, (PassagePlace{3, 0}));
  EXPECT_EQ(all[2].place, (PassagePlace{3, 1}));
  std::string joined;
  for (std::size_t i = 1; i < all.size(); ++i) joined += all[i].text;
  EXPECT_EQ(joined, text);
  const auto rest = passages_to_embed(messages, {3, 2});
  ASSERT_EQ(rest.size(), all.size() - 3);
  EXPECT_EQ(rest[0].place, (PassagePlace{3, 2}));
}

TEST(PassagesToEmbed, AMessageOfAnotherTimeHasAnotherStamp) {
  MessageInfo info = message(1, "One.").info;
  const std::uint64_t stamp = stamp_of(info);
  ++info.time;
  EXPECT_NE(stamp_of(info), stamp);
}

class ConversationVectorsTest : public testing::Test {
 protected:
  void add(Position messages) {
    for (Position i = 0; i < messages; ++i) {
      said_.push_back(random_.next());
      vectors_.add({{i, 0}, i, ""}, said_.back());
    }
  }
  std::vector<Position> found(const std::vector<float>& asked, const std::vector<Stretch>& path,
                              Position end, std::size_t limit = 3) const {
    std::vector<Position> messages;
    for (const SimilarPassage& one : vectors_.search(asked, path, end, limit)) {
      messages.push_back(one.place.message);
    }
    return messages;
  }

  test::RandomVectors random_{64};
  std::vector<std::vector<float>> said_;
  ConversationVectors vectors_{"m", 64};
};

TEST_F(ConversationVectorsTest, FindsOnThePathBeforeTheEnd) {
  add(200);
  EXPECT_EQ(vectors_.next(), (PassagePlace{199, 1}));
  const auto asked = random_.near(said_[70], 0.7F);
  EXPECT_EQ(found(asked, {{0, 199}}, 200).at(0), 70U);
  EXPECT_EQ(found(asked, {{0, 60}, {70, 199}}, 200).at(0), 70U);
  for (const Position one : found(asked, {{0, 60}, {80, 199}}, 200)) EXPECT_NE(one, 70U);
  for (const Position one : found(asked, {{0, 199}}, 70)) EXPECT_LT(one, 70U);
  const auto similar = vectors_.search(asked, std::vector<Stretch>{{0, 199}}, 200, 2);
  EXPECT_GT(similar.at(0).deviations, 5);
  EXPECT_GT(similar.at(0).cosine, 0.8F);
  EXPECT_LT(similar.at(1).deviations, 4);
}

TEST_F(ConversationVectorsTest, TooFewSayNothing) {
  add(ConversationVectors::kLeastRows - 1);
  EXPECT_TRUE(found(said_[3], {{0, 199}}, 200).empty());
  vectors_.add({{100, 0}, 0, ""}, random_.next());
  EXPECT_FALSE(found(said_[3], {{0, 199}}, 200).empty());
  EXPECT_TRUE(found(said_[3], {{0, 30}}, 200).empty());
}

TEST_F(ConversationVectorsTest, VectorsThatAreAllTheSameSayNothing) {
  const auto one = random_.next();
  for (Position i = 0; i < 100; ++i) vectors_.add({{i, 0}, i, ""}, one);
  EXPECT_TRUE(found(one, {{0, 199}}, 200).empty());
}

}  // namespace
}  // namespace keep::recall
