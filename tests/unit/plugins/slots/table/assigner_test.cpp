#include "plugins/slots/table/assigner.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace keep::slots {
namespace {

class AssignerTest : public testing::Test {
 protected:
  AssignerTest() : table_(4) {
    for (std::size_t i = 0; i < 4; ++i) table_.settled(i, 0);
  }
  LeaseId lease(std::size_t slot, SlotKey key, bool scratch = false) {
    LeaseTerms terms;
    terms.id = ++last_;
    terms.key = key;
    terms.scratch = scratch;
    EXPECT_TRUE(table_.lease(slot, terms, now()));
    return last_;
  }
  // Slot used once, in order of the calls.
  void warm(std::size_t slot, SlotKey key, bool scratch = false) {
    table_.release(lease(slot, key, scratch), 100, 0, now());
  }
  Choice choose(SlotKey key, const std::vector<bool>& claimed = {}) {
    Wish wish;
    wish.key = key;
    return choose_slot(table_, wish, claimed, Victims());
  }
  Choice choose_auxiliary() {
    Wish wish;
    wish.key = 99;
    wish.auxiliary = true;
    return choose_slot(table_, wish, {}, Victims());
  }
  Choice choose_exactly(std::size_t slot, SlotKey key = 0) {
    Wish wish;
    wish.key = key;
    wish.slot = slot;
    return choose_slot(table_, wish, {}, Victims());
  }
  Instant now() { return Instant(std::chrono::seconds(++second_)); }

  SlotTable table_;
  LeaseId last_ = 0;
  int second_ = 0;
};

TEST_F(AssignerTest, WarmSlotFirst) {
  warm(2, 42);
  const Choice choice = choose(42);
  EXPECT_EQ(choice.kind, Choice::Kind::kTake);
  EXPECT_EQ(choice.slot, 2U);
  EXPECT_TRUE(choice.warm);
}

TEST_F(AssignerTest, ThenAFreeOne) {
  warm(0, 42);
  const Choice choice = choose(43);
  EXPECT_EQ(choice.slot, 1U);
  EXPECT_FALSE(choice.warm);
}

TEST_F(AssignerTest, ThenTheLeastRecentlyUsed) {
  warm(1, 41);
  warm(0, 40);
  warm(3, 43);
  warm(2, 42);
  EXPECT_EQ(choose(50).slot, 1U);
  warm(1, 41);
  EXPECT_EQ(choose(50).slot, 0U);
}

TEST_F(AssignerTest, NeverALeasedOrUnsettledSlot) {
  for (std::size_t i = 0; i < 4; ++i) warm(i, 40 + i);
  lease(0, 40);
  table_.abandon(lease(1, 41), true, now());
  table_.begin_vacate(2);
  EXPECT_EQ(choose(50).slot, 3U);
  lease(3, 43);
  EXPECT_EQ(choose(50).kind, Choice::Kind::kNone);
}

TEST_F(AssignerTest, WaitsForItsOwnSlotToSettle) {
  table_.abandon(lease(2, 42), true, now());
  const Choice choice = choose(42);
  EXPECT_EQ(choice.kind, Choice::Kind::kWaitFor) << "although others are free";
  EXPECT_EQ(choice.slot, 2U);
}

TEST_F(AssignerTest, SecondRequestOfAConversationTakesAnotherSlot) {
  warm(2, 42);
  lease(2, 42);
  const Choice choice = choose(42);
  EXPECT_EQ(choice.kind, Choice::Kind::kTake);
  EXPECT_EQ(choice.slot, 0U);
}

TEST_F(AssignerTest, ClaimedSlotsAreLeftAlone) {
  EXPECT_EQ(choose(50, {true, true}).slot, 2U);
  EXPECT_EQ(choose(50, {true, true, true, true}).kind, Choice::Kind::kNone);
}

TEST_F(AssignerTest, AuxiliaryCallsKeepToOneSlot) {
  for (std::size_t i = 0; i < 4; ++i) warm(i, 40 + i);
  EXPECT_EQ(choose_auxiliary().slot, 0U) << "the first takes the least recently used";
  warm(0, 0, true);
  warm(1, 41);
  warm(2, 42);
  warm(3, 43);
  EXPECT_EQ(choose_auxiliary().slot, 0U) << "the next one takes that slot again";
  lease(0, 0, true);
  EXPECT_EQ(choose_auxiliary().slot, 1U) << "a second one at once takes what it can";
}

TEST_F(AssignerTest, ConversationTakesTheAuxiliarySlotWhenItIsTheOldest) {
  warm(0, 0, true);
  for (std::size_t i = 1; i < 4; ++i) warm(i, 40 + i);
  EXPECT_EQ(choose(50).slot, 0U);
  warm(0, 50);
  EXPECT_EQ(choose_auxiliary().slot, 1U) << "it is no longer theirs";
}

TEST_F(AssignerTest, NamedSlotOrNone) {
  warm(2, 42);
  EXPECT_TRUE(choose_exactly(2, 42).warm);
  EXPECT_EQ(choose_exactly(3, 42).slot, 3U);
  lease(3, 43);
  EXPECT_EQ(choose_exactly(3, 42).kind, Choice::Kind::kWaitFor);
}

}  // namespace
}  // namespace keep::slots
