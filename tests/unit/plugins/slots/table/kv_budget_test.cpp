#include "plugins/slots/table/kv_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace keep::slots {
namespace {

using Verdict = BudgetPlan::Verdict;

class BudgetTest : public testing::Test {
 protected:
  BudgetTest() : table_(4) {
    for (std::size_t i = 0; i < 4; ++i) table_.settled(i, 0);
  }
  LeaseId lease(std::size_t slot, SlotKey key, Tokens reserve) {
    LeaseTerms terms;
    terms.id = ++last_;
    terms.key = key;
    terms.owner = owner_;
    terms.reserve = reserve;
    EXPECT_TRUE(table_.lease(slot, terms, now()));
    return last_;
  }
  void warm(std::size_t slot, SlotKey key, Tokens held) {
    table_.release(lease(slot, key, 0), held, 0, now());
  }
  BudgetPlan plan(std::size_t slot, Tokens need, Tokens pool = 1000) {
    return plan_budget(table_, pool, slot, need, Victims());
  }
  Instant now() { return Instant(std::chrono::seconds(++second_)); }

  SlotTable table_;
  OwnerKey owner_ = 1;
  LeaseId last_ = 0;
  int second_ = 0;
};

TEST_F(BudgetTest, NothingIsGivenUpWhileItFits) {
  warm(0, 40, 400);
  warm(1, 41, 400);
  EXPECT_EQ(plan(2, 200).verdict, Verdict::kFits);
  EXPECT_TRUE(plan(2, 200).give_up.empty());
  EXPECT_TRUE(plan(2, 5000, 0).give_up.empty()) << "no pool, no budget";
}

TEST_F(BudgetTest, GivesUpTheLeastRecentlyUsedUntilItFits) {
  warm(0, 40, 300);
  warm(1, 41, 300);
  warm(2, 42, 300);
  warm(0, 40, 300);
  EXPECT_EQ(plan(3, 150).give_up, std::vector<std::size_t>{1});
  EXPECT_EQ(plan(3, 450).give_up, (std::vector<std::size_t>{1, 2}));
}

TEST_F(BudgetTest, WhoHoldsMoreThanItsShareGivesUpFirst) {
  warm(0, 40, 300);
  owner_ = 2;
  for (std::size_t slot = 1; slot < 4; ++slot) warm(slot, 40 + slot, 300);
  const std::vector<bool> all(4, true);
  EXPECT_EQ(least_missed(table_, all, {}), 1U)
      << "slot 0 was used before, but is all that tenant has";
  warm(0, 50, 300);
  EXPECT_EQ(least_missed(table_, all, {}), 1U);
  owner_ = 1;
  warm(0, 40, 300);
  warm(1, 41, 300);
  EXPECT_EQ(least_missed(table_, all, {}), 2U) << "two each: the least recently used";
}

TEST_F(BudgetTest, WhatCostsLeastGoesFirst) {
  for (std::size_t slot = 0; slot < 4; ++slot) warm(slot, 40 + slot, 300);
  const std::vector<bool> all(4, true);
  EXPECT_EQ(least_missed(table_, all, {5, 5, 5, 5}), 0U) << "all the same: the oldest";
  EXPECT_EQ(least_missed(table_, all, {300, 300, 20, 300}), 2U);
  EXPECT_EQ(least_missed(table_, all, {300, 300}), 2U) << "of the others nothing is known";
  EXPECT_EQ(least_missed(table_, {true, true, false, true}, {300, 300, 20, 300}), 0U);
  warm(3, 43, 300);
  owner_ = 2;
  warm(2, 50, 300);
  EXPECT_EQ(least_missed(table_, all, {20, 20, 0, 20}), 0U) << "who has more than its share";
}

TEST_F(BudgetTest, CellsOfAVacatingSlotLeaveButForWhatTheNextOneGets) {
  warm(0, 40, 500);
  warm(1, 41, 400);
  table_.begin_vacate(0, 200);
  EXPECT_EQ(plan(2, 300).verdict, Verdict::kWait) << "200 and 400 will be left beside it";
  EXPECT_EQ(plan(2, 500).give_up, std::vector<std::size_t>{1});
  EXPECT_TRUE(plan_relief(table_, 600, Victims()).empty());
  EXPECT_EQ(plan_relief(table_, 599, Victims()), std::vector<std::size_t>{1});
}

TEST_F(BudgetTest, OwnContentDoesNotCount) {
  warm(0, 40, 600);
  warm(1, 41, 300);
  EXPECT_TRUE(plan(0, 700).give_up.empty()) << "the warm slot grows from 600 to 700";
  EXPECT_EQ(plan(0, 800).give_up, std::vector<std::size_t>{1});
}

TEST_F(BudgetTest, WaitsForWhatLeasedSlotsHold) {
  lease(0, 40, 700);
  warm(1, 41, 200);
  EXPECT_EQ(plan(2, 250).give_up, std::vector<std::size_t>{1});
  const BudgetPlan tight = plan(2, 400);
  EXPECT_EQ(tight.verdict, Verdict::kWait);
  EXPECT_TRUE(tight.give_up.empty()) << "nothing is given up in vain";
}

TEST_F(BudgetTest, GoesAheadWhenNothingIsLeased) {
  warm(0, 40, 300);
  const BudgetPlan over = plan(1, 2000);
  EXPECT_EQ(over.verdict, Verdict::kOver);
  EXPECT_EQ(over.give_up, std::vector<std::size_t>{0});
}

TEST_F(BudgetTest, WaitsForASlotThatIsVacatingInsteadOfGivingUpMore) {
  warm(0, 40, 500);
  warm(1, 41, 400);
  table_.begin_vacate(0);
  const BudgetPlan soon = plan(2, 300);
  EXPECT_EQ(soon.verdict, Verdict::kWait);
  EXPECT_TRUE(soon.give_up.empty());
}

TEST_F(BudgetTest, ReliefWhenAnAnswerOutgrowsItsReservation) {
  const LeaseId id = lease(0, 40, 500);
  warm(1, 41, 300);
  warm(2, 42, 200);
  EXPECT_TRUE(plan_relief(table_, 1000, Victims()).empty());
  table_.reserve(id, 600);
  EXPECT_EQ(plan_relief(table_, 1000, Victims()), std::vector<std::size_t>{1});
  table_.begin_vacate(1);
  EXPECT_TRUE(plan_relief(table_, 1000, Victims()).empty());
}

PromptText text_of(std::uint64_t bytes, std::size_t messages) { return {bytes, messages}; }

TEST(EstimatePrompt, ANewConversationIsTakenForProse) {
  EXPECT_EQ(estimate_prompt(text_of(10000, 1), 0, 0), 40 + 5000);
}

TEST(EstimatePrompt, KnownTokensAreNotGuessedAgainAndTheRestIsAsDense) {
  EXPECT_EQ(estimate_prompt(text_of(10000, 2), 9000, 9000), 9000 + 48 + 1100);
  EXPECT_EQ(estimate_prompt(text_of(10000, 2), 1800, 9000), 1800 + 48 + 220);
  EXPECT_EQ(estimate_prompt(text_of(10000, 1), 2000, 0), 40 + 5000) << "unknown what they cover";
  EXPECT_EQ(estimate_prompt(text_of(10000, 1), 5000, 20000), 40 + 2750) << "it was cut";
}

TEST(EstimatePrompt, ShortTextsTellNothing) {
  EXPECT_EQ(estimate_prompt(text_of(10004, 1), 80, 4), 40 + 5002);
}

TEST(Reservation, AtLeastTheFairShare) {
  EXPECT_EQ(reservation(100, std::nullopt, 4096, 4), 1024);
  EXPECT_EQ(reservation(100, 32000, 4096, 4), 1024) << "not what a client allows itself";
  EXPECT_EQ(reservation(100, 16, 4096, 4), 116);
  EXPECT_EQ(reservation(2000, std::nullopt, 4096, 4), 2512);
  EXPECT_EQ(reservation(9000, std::nullopt, 4096, 4), 4096) << "never more than there is";
  EXPECT_EQ(reservation(100, std::nullopt, 0, 4), 1124);
}

}  // namespace
}  // namespace keep::slots
