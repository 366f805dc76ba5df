#include "plugins/recall/choose/selection.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace keep::recall {
namespace {

class SelectPassages : public testing::Test {
 protected:
  SelectPassages() {
    exchange_ = keep::test::make_exchange(
        keep::test::chat_body({{"user", "What is the code?"}, {"assistant", "x"}, {"user", "y"}}));
    exchange_->zone.planned = exchange_->zone.stored = true;
    exchange_->zone.positions = {10, 11, 12};
    exchange_->zone.path_tokens = 1000;
    exchange_->zone.window = 100;
    exchange_->zone.recall_room = 500;
    exchange_->zone.tokens_per_byte = 1;
  }
  static Found found(search::PassageId passage, const std::string& text, float relevance,
                     Position position = 3) {
    Found one;
    one.passage = passage;
    one.text = text;
    one.relevance = relevance;
    one.message.position = position;
    one.message.role = Role::kUser;
    one.message.turn = 2;
    one.message.token_position = 400;
    return one;
  }
  std::vector<std::string> select(std::vector<Found> list,
                                  const std::string& turn = "What is the code?") {
    return select(std::move(list), turn, {turn});
  }
  std::vector<std::string> select(std::vector<Found> list, const std::string& turn,
                                  const std::vector<std::string>& questions) {
    const TurnWords said(turn);
    const Wanted wanted{asks(turn), said, questions};
    const auto selected = select_passages(std::move(list), *exchange_, wanted, settings_, sent_);
    std::vector<std::string> texts;
    for (const Quote& quote : selected.quotes) texts.push_back(quote.text);
    return texts;
  }

  using Texts = std::vector<std::string>;
  std::unique_ptr<Exchange> exchange_;
  RecallSettings settings_;
  std::vector<SentBlock> sent_;
};

TEST_F(SelectPassages, OldestFirstAboveTheFloor) {
  EXPECT_EQ(select({found(5, "five", 0.9F), found(2, "two", 0.8F), found(1, "one", 0.1F)}),
            (Texts{"two", "five"}));
}

TEST_F(SelectPassages, ALiftOpensTheFloorAndPushesNobodyOut) {
  Found lifted = found(5, "five", 0.3F);
  EXPECT_TRUE(select({lifted}).empty());
  lifted.bonus = 0.2F;
  EXPECT_EQ(select({lifted}), (Texts{"five"}));
  Found best = found(5, "five", 1.0F);
  best.bonus = 0.9F;
  EXPECT_EQ(select({best, found(2, "two", 0.55F)}), (Texts{"two", "five"}));
}

TEST_F(SelectPassages, NothingFarBelowTheBest) {
  EXPECT_EQ(select({found(5, "five", 1.0F), found(2, "two", 0.45F)}), (Texts{"five"}));
}

TEST_F(SelectPassages, NearTheBestWhenThatHasAllThatIsAskedFor) {
  const std::vector<Found> list = {found(5, "The code of the museum is 7341.", 1.0F),
                                   found(2, "The code of the castle is 5208.", 0.85F),
                                   found(1, "Got it, the museum's code is 7341.", 0.9F)};
  EXPECT_EQ(select(list, "What is the code of the museum?"),
            (Texts{"Got it, the museum's code is 7341.", "The code of the museum is 7341."}));
  EXPECT_EQ(select(list, "What is the code of the museum in Rome?").size(), 3U);
}

TEST_F(SelectPassages, TheBestOfOneQuestionSaysNothingAboutAnother) {
  const std::vector<Found> list = {found(1, "The code of the museum is 7341.", 1.0F),
                                   found(2, "The code of the castle is 5208.", 0.8F),
                                   found(3, "Anna is happy.", 0.5F)};
  EXPECT_EQ(select(list, "What is the code of the museum? Where does Anna live?",
                   {"What is the code of the museum?", "Where does Anna live?"}),
            (Texts{"The code of the museum is 7341.", "Anna is happy."}));
}

TEST_F(SelectPassages, WhatIsSaidInOnePlaceGetsTheRoom) {
  std::string scattered = "museum ";
  for (int i = 0; i < 70; ++i) scattered += "lorem ";
  scattered += "code code";
  exchange_->zone.recall_room = 530;
  EXPECT_EQ(select({found(2, scattered, 1.3F), found(5, "The code of the museum is 7341.", 1.0F)},
                   "What is the code of the museum?"),
            (Texts{"The code of the museum is 7341."}));
}

TEST_F(SelectPassages, StatementsNeedMore) {
  EXPECT_EQ(select({found(5, "five", 0.5F)}), (Texts{"five"}));
  EXPECT_EQ(select({found(5, "five", 0.5F)}, "The code is nice."), Texts{});
}

TEST_F(SelectPassages, WhatTheTurnSaysItselfIsNoNews) {
  EXPECT_EQ(select({found(5, "The code is what?", 1.0F)}), Texts{});
}

TEST_F(SelectPassages, NothingThatIsThereAlready) {
  auto same = found(5, "word for word", 0.9F);
  same.message.hash = exchange_->chat.messages[0].hash;
  EXPECT_EQ(select({same}), Texts{});
  EXPECT_EQ(select({found(5, "in the zone", 0.9F, 11)}), Texts{});
  Block block;
  block.passages = {7};
  sent_ = {{2, &block}};
  EXPECT_EQ(select({found(7, "recalled before", 0.9F), found(8, "recalled before", 0.9F),
                    found(9, "recalled before", 0.9F)}),
            (Texts{"recalled before"}));
}

TEST_F(SelectPassages, AsMuchAsFits) {
  exchange_->zone.recall_room = 24 + 24 + 10;
  EXPECT_EQ(select({found(5, std::string(20, 'x'), 0.9F), found(6, "small", 0.8F)}),
            (Texts{"small"}));
}

TEST_F(SelectPassages, DistanceCountsWhenAskedTo) {
  auto near = found(5, "near", 0.8F);
  near.message.token_position = 990;
  settings_.fog_alpha = 1;
  settings_.floor = 0.05;
  EXPECT_EQ(select({found(2, "far", 0.9F), near}), (Texts{"near"}));
  settings_.fog_alpha = 0;
  EXPECT_EQ(select({found(2, "far", 0.9F), near}), (Texts{"far", "near"}));
}

}  // namespace
}  // namespace keep::recall
