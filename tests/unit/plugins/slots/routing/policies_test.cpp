#include "plugins/slots/routing/policies.hpp"

#include <gtest/gtest.h>

namespace keep::slots {
namespace {

using Order = std::vector<std::size_t>;

class RoutingTest : public testing::Test {
 protected:
  static SlotTable idle_table(std::size_t slots) {
    SlotTable table(slots);
    for (std::size_t i = 0; i < slots; ++i) table.settled(i, 0);
    return table;
  }
  void lease(SlotTable& table, std::size_t slot, SlotKey key) {
    LeaseTerms terms;
    terms.id = ++last_;
    terms.key = key;
    EXPECT_TRUE(table.lease(slot, terms, Instant()));
  }
  static Wish wish_for(SlotKey key) {
    Wish wish;
    wish.key = key;
    return wish;
  }

  SlotTable small_ = idle_table(2), large_ = idle_table(4);
  SlotTables tables_{&small_, &large_, nullptr};
  LeaseId last_ = 0;
};

TEST_F(RoutingTest, WhereItIsWarmAndNowhereElse) {
  lease(small_, 0, 42);
  small_.release(last_, 100, 0, Instant());
  EXPECT_EQ(warm_then_roomiest(tables_, wish_for(42)), Order{0});
}

TEST_F(RoutingTest, TheRoomiestFirst) {
  EXPECT_EQ(warm_then_roomiest(tables_, wish_for(43)), (Order{1, 0}));
  for (std::size_t slot = 0; slot < 3; ++slot) lease(large_, slot, 44 + slot);
  EXPECT_EQ(warm_then_roomiest(tables_, wish_for(43)), (Order{0, 1}));
}

// Of equally many free slots those count that could be taken from a conversation at rest.
TEST_F(RoutingTest, WhatIsAtRestCountsAfterWhatIsFree) {
  lease(large_, 0, 44);
  large_.release(last_, 100, 0, Instant());
  lease(large_, 1, 45);
  EXPECT_EQ(warm_then_roomiest(tables_, wish_for(43)), (Order{1, 0}));
}

TEST_F(RoutingTest, AnAuxiliaryCallIsNotBoundToWhereItsConversationIsWarm) {
  lease(small_, 0, 42);
  small_.release(last_, 100, 0, Instant());
  Wish wish = wish_for(42);
  wish.auxiliary = true;
  EXPECT_EQ(warm_then_roomiest(tables_, wish), (Order{1, 0}));
}

TEST_F(RoutingTest, ANamedSlotGoesToTheFirstThatHasIt) {
  Wish wish = wish_for(43);
  wish.slot = 3;
  EXPECT_EQ(warm_then_roomiest(tables_, wish), Order{1});
  wish.slot = 1;
  EXPECT_EQ(warm_then_roomiest(tables_, wish), Order{0});
  wish.slot = 9;
  EXPECT_EQ(warm_then_roomiest(tables_, wish), Order{});
}

}  // namespace
}  // namespace keep::slots
