#include "plugins/slots/table/slot_table.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>

namespace keep::slots {
namespace {

using std::chrono::seconds;

Instant at(int second) { return Instant(seconds(second)); }

LeaseTerms terms(LeaseId id, SlotKey key = 0, Tokens reserve = 0) {
  LeaseTerms t;
  t.id = id;
  t.key = key;
  t.reserve = reserve;
  return t;
}

// A table whose slots have all been seen idle and empty.
SlotTable settled_table(std::size_t slots) {
  SlotTable table(slots);
  for (std::size_t i = 0; i < slots; ++i) EXPECT_TRUE(table.settled(i, 0));
  return table;
}

TEST(SlotTable, StartsSettlingUntilSeenIdle) {
  SlotTable table(2);
  EXPECT_EQ(table.count(SlotUse::kSettling), 2U);
  EXPECT_FALSE(table.lease(0, terms(1), at(0)));
  EXPECT_TRUE(table.settled(0, 40));
  EXPECT_EQ(table.at(0).use, SlotUse::kFree) << "warm for nobody we know";
  EXPECT_EQ(table.at(0).held, 40);
  EXPECT_TRUE(table.lease(0, terms(1), at(0)));
}

TEST(SlotTable, CleanReleaseMakesItWarm) {
  SlotTable table = settled_table(2);
  ASSERT_TRUE(table.lease(1, terms(7, 42, 500), at(1)));
  EXPECT_EQ(table.at(1).cells(), 500);
  EXPECT_FALSE(table.lease(1, terms(8, 43), at(1))) << "leased";
  EXPECT_EQ(table.find_warm(42), std::nullopt) << "in use";
  ASSERT_TRUE(table.release(7, 120, 300, at(2)));
  EXPECT_EQ(table.at(1).use, SlotUse::kCooling);
  EXPECT_EQ(table.at(1).cells(), 120);
  EXPECT_EQ(table.find_warm(42), 1U);
  EXPECT_FALSE(table.release(7, 1, 1, at(3))) << "a second release changes nothing";
  EXPECT_EQ(table.at(1).held, 120);
}

// What conversation 1 has left in the only slot, which conversation 2 has leased since.
SlotTable taken_over() {
  SlotTable table = settled_table(1);
  const auto use = [&](LeaseId id, std::uint64_t conversation) {
    LeaseTerms t = terms(id, conversation * 10);
    t.conversation = conversation;
    EXPECT_TRUE(table.lease(0, t, at(1)));
  };
  use(1, 1);
  EXPECT_TRUE(table.release(1, 50, 100, at(1)));
  use(2, 2);
  return table;
}

TEST(SlotTable, WhatAnEndedConversationLeftIsMarked) {
  SlotTable table = taken_over();
  table.end(1);
  EXPECT_FALSE(table.at(0).ended) << "it is being overwritten";
  EXPECT_TRUE(table.holds_ended()) << "if it comes to that";
  table.release(2, 60, 100, at(2));
  EXPECT_FALSE(table.holds_ended());
  EXPECT_FALSE(table.at(0).ended);
  EXPECT_EQ(table.find_warm(20), 0U);
  table.end(2);
  EXPECT_TRUE(table.at(0).ended);
  EXPECT_EQ(table.find_warm(20), std::nullopt);
}

TEST(SlotTable, APromptThatMayNotHaveBeenReadLeavesTheMark) {
  for (const bool ended_first : {true, false}) {
    for (const bool settled_first : {true, false}) {
      SlotTable table = taken_over();
      if (ended_first) table.end(1);
      table.abandon(2, false, at(2));
      if (settled_first) table.settled(0, 50);
      if (!ended_first) table.end(1);
      if (!settled_first) table.settled(0, 50);
      EXPECT_TRUE(table.at(0).ended) << ended_first << settled_first;
    }
  }
}

TEST(SlotTable, APromptThatHasBeenReadStaysWhateverEnds) {
  SlotTable table = taken_over();
  table.abandon(2, true, at(2));
  table.end(1);
  table.settled(0, 60);
  table.end(1);
  EXPECT_FALSE(table.at(0).ended);
  EXPECT_EQ(table.find_warm(20), 0U);
}

TEST(SlotTable, WhatIsErasedOrCannotBeHasNoMark) {
  for (const bool erased : {true, false}) {
    SlotTable table = taken_over();
    table.end(1);
    table.cancel(2);
    ASSERT_TRUE(table.at(0).ended);
    ASSERT_TRUE(table.begin_vacate(0, 1));
    ASSERT_TRUE(erased ? table.vacated(0, 0) : table.not_erased(0));
    EXPECT_FALSE(table.at(0).ended);
    EXPECT_FALSE(table.holds_ended());
    EXPECT_EQ(table.find_warm(10), std::nullopt);
    table.end(1);
    EXPECT_EQ(table.at(0).ended, !erased);
  }
}

TEST(SlotTable, CancelledLeaseLeavesThePreviousOwnerWarm) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42), at(1));
  table.release(1, 120, 300, at(2));
  ASSERT_TRUE(table.lease(0, terms(2, 43, 900), at(3)));
  EXPECT_EQ(table.at(0).held, 0) << "what is there will be overwritten";
  ASSERT_TRUE(table.cancel(2));
  EXPECT_EQ(table.at(0).use, SlotUse::kCooling);
  EXPECT_EQ(table.find_warm(42), 0U);
  EXPECT_EQ(table.at(0).held, 120);
}

TEST(SlotTable, AbandonedSlotSettlesAndStaysWarm) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42, 500), at(1));
  ASSERT_TRUE(table.abandon(1, true, at(2)));
  EXPECT_EQ(table.at(0).use, SlotUse::kSettling);
  EXPECT_EQ(table.at(0).cells(), 500) << "until the server tells";
  EXPECT_FALSE(table.lease(0, terms(2), at(3)));
  ASSERT_TRUE(table.settled(0, 77));
  EXPECT_EQ(table.at(0).use, SlotUse::kCooling);
  EXPECT_EQ(table.at(0).held, 77);
  EXPECT_EQ(table.find_warm(42), 0U);
}

TEST(SlotTable, WhoDidNotBeginDoesNotOwnWhatIsThere) {
  for (const bool begun : {false, true}) {
    SlotTable table = settled_table(1);
    LeaseTerms mine = terms(1, 42), theirs = terms(2, 43);
    mine.owner = 7;
    theirs.owner = 8;
    table.lease(0, mine, at(1));
    table.release(1, 100, 0, at(2));
    table.lease(0, theirs, at(3));
    table.abandon(2, begun, at(4));
    table.settled(0, 100);
    EXPECT_EQ(table.at(0).owner, begun ? 8U : 0U);
  }
}

TEST(SlotTable, AbandonedBeforeAnyTokenIsFree) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42), at(1));
  table.abandon(1, true, at(2));
  table.settled(0, 0);
  EXPECT_EQ(table.at(0).use, SlotUse::kFree);
  EXPECT_EQ(table.find_warm(42), std::nullopt);
}

TEST(SlotTable, SuspectSlotThatLostItsTokensLosesItsKey) {
  SlotTable table = settled_table(2);
  for (LeaseId id : {1U, 2U}) {
    table.lease(id - 1, terms(id, 40 + id), at(1));
    table.release(id, 100, 0, at(2));
  }
  table.suspect_all();
  EXPECT_EQ(table.count(SlotUse::kSettling), 2U);
  table.settled(0, 100);
  table.settled(1, 0);
  EXPECT_EQ(table.find_warm(41), 0U);
  EXPECT_EQ(table.find_warm(42), std::nullopt);
}

TEST(SlotTable, VacatingEmptiesASlotOrLeavesItAsItWas) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42), at(1));
  EXPECT_FALSE(table.begin_vacate(0)) << "leased";
  table.release(1, 100, 0, at(2));
  ASSERT_TRUE(table.begin_vacate(0));
  EXPECT_FALSE(table.lease(0, terms(2, 42), at(3)));
  EXPECT_EQ(table.find_warm(42), std::nullopt) << "nothing to wait for";
  ASSERT_TRUE(table.not_vacated(0));
  EXPECT_EQ(table.find_warm(42), 0U);
  table.begin_vacate(0);
  ASSERT_TRUE(table.vacated(0));
  EXPECT_EQ(table.at(0).use, SlotUse::kFree);
  EXPECT_EQ(table.at(0).held, 0);
}

TEST(SlotTable, WhatCouldNotBeVacatedDoesNotMakeAConversationWarmTwice) {
  SlotTable table = settled_table(2);
  table.lease(0, terms(1, 42), at(1));
  table.release(1, 100, 0, at(2));
  table.begin_vacate(0);
  table.lease(1, terms(2, 42), at(3));
  table.not_vacated(0);
  EXPECT_EQ(table.at(0).use, SlotUse::kFree);
  table.release(2, 100, 0, at(4));
  EXPECT_EQ(table.find_warm(42), 1U);
}

TEST(SlotTable, AVacatingSlotCountsAsWhatTheNextOneMayGrowTo) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42), at(1));
  table.release(1, 100, 0, at(2));
  ASSERT_TRUE(table.begin_vacate(0, 900));
  EXPECT_EQ(table.at(0).cells(), 900);
  ASSERT_TRUE(table.not_vacated(0));
  EXPECT_EQ(table.at(0).cells(), 100);
}

TEST(SlotTable, ContentThatCameBackStaysWhenTheLeaseIsCancelled) {
  SlotTable table = settled_table(1);
  LeaseTerms mine = terms(1, 42), theirs = terms(2, 43, 900);
  mine.owner = 7;
  theirs.owner = 8;
  table.lease(0, mine, at(1));
  table.release(1, 100, 300, at(2));
  EXPECT_FALSE(table.restored(2, 70)) << "no such lease";
  table.lease(0, theirs, at(3));
  ASSERT_TRUE(table.restored(2, 70));
  EXPECT_EQ(table.at(0).use, SlotUse::kLeased);
  EXPECT_EQ(table.at(0).held, 70);
  EXPECT_EQ(table.at(0).cells(), 900);
  ASSERT_TRUE(table.cancel(2));
  EXPECT_EQ(table.at(0).use, SlotUse::kCooling);
  EXPECT_EQ(table.find_warm(43), 0U);
  EXPECT_EQ(table.find_warm(42), std::nullopt) << "it was overwritten";
  EXPECT_EQ(table.at(0).cells(), 70);
  EXPECT_EQ(table.at(0).owner, 8U);
}

TEST(SlotTable, AfterARestoreThatFailedNobodyIsWarm) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42), at(1));
  table.release(1, 100, 300, at(2));
  table.lease(0, terms(2, 43), at(3));
  ASSERT_TRUE(table.restored(2, 0));
  ASSERT_TRUE(table.cancel(2));
  EXPECT_EQ(table.at(0).use, SlotUse::kFree);
  EXPECT_EQ(table.find_warm(42), std::nullopt);
  EXPECT_EQ(table.at(0).owner, 0U);
  EXPECT_EQ(table.count(SlotUse::kFree), 1U);
}

TEST(SlotTable, ConversationIsWarmWhereItWasLast) {
  SlotTable table = settled_table(2);
  table.lease(0, terms(1, 42), at(1));
  table.lease(1, terms(2, 42), at(1));  // two requests of it at once
  table.release(2, 100, 0, at(2));
  table.release(1, 100, 0, at(3));
  EXPECT_EQ(table.find_warm(42), 0U);
  table.lease(0, terms(3, 42), at(4));
  EXPECT_EQ(table.at(1).use, SlotUse::kFree) << "the older copy is nobody's";
}

TEST(SlotTable, ObservedContentThatIsNotOursIsNobodys) {
  SlotTable table = settled_table(1);
  table.lease(0, terms(1, 42), at(1));
  table.release(1, 100, 0, at(2));
  EXPECT_FALSE(table.observed(0, 99)) << "the last sampled token is not in the cache";
  EXPECT_EQ(table.find_warm(42), 0U);
  EXPECT_TRUE(table.observed(0, 0));
  EXPECT_EQ(table.find_warm(42), std::nullopt);
}

// Random operations; whatever happens, a slot has at most one lease, a lease one slot, and no slot
// is lost.
TEST(SlotTable, NeverLeasesTwiceNorLosesASlot) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    SlotTable table(5);
    std::map<LeaseId, std::size_t> leases;
    LeaseId next = 0;
    for (int step = 0; step < 2000; ++step) {
      const std::size_t slot = random() % 5;
      const LeaseId any = 1 + random() % (next + 1);
      const auto known = leases.find(any);
      switch (random() % 11) {
        case 0:
        case 1:
        case 2: {
          const bool could = table.at(slot).leasable();
          const LeaseId id = ++next;
          ASSERT_EQ(table.lease(slot, terms(id, random() % 8, 10), at(step)), could);
          if (could) leases[id] = slot;
          break;
        }
        case 3:
          ASSERT_EQ(table.release(any, random() % 50, 0, at(step)), known != leases.end());
          leases.erase(any);
          break;
        case 4:
          ASSERT_EQ(table.cancel(any), known != leases.end());
          leases.erase(any);
          break;
        case 5:
          ASSERT_EQ(table.abandon(any, random() % 2 == 0, at(step)), known != leases.end());
          leases.erase(any);
          break;
        case 6: table.settled(slot, random() % 50); break;
        case 7: table.begin_vacate(slot, random() % 2 == 0 ? 20 : 0); break;
        case 8: random() % 2 == 0 ? table.vacated(slot) : table.not_vacated(slot); break;
        case 10: ASSERT_EQ(table.restored(any, random() % 2 * 30), known != leases.end()); break;
        case 9: random() % 8 == 0 ? table.suspect_all() : void(table.observed(slot, 20)); break;
      }
      ASSERT_EQ(table.count(SlotUse::kLeased), leases.size());
      std::map<SlotUse, std::size_t> uses;
      for (std::size_t i = 0; i < table.size(); ++i) ++uses[table.at(i).use];
      for (const SlotUse use :
           {SlotUse::kFree, SlotUse::kCooling, SlotUse::kSettling, SlotUse::kVacating}) {
        ASSERT_EQ(table.count(use), uses[use]);
      }
      for (const auto& [id, where] : leases) ASSERT_EQ(table.find_lease(id), where);
      for (std::size_t i = 0; i < 5; ++i) {
        const Slot& s = table.at(i);
        ASSERT_EQ(s.lease != 0, s.use == SlotUse::kLeased);
        ASSERT_TRUE(s.use != SlotUse::kFree || s.key == 0);
      }
    }
    for (const auto& [id, where] : leases) table.release(id, 10, 0, at(9999));
    for (std::size_t i = 0; i < 5; ++i) {
      table.settled(i, 0);
      table.vacated(i);
      EXPECT_TRUE(table.at(i).leasable());
    }
  }
}

}  // namespace
}  // namespace keep::slots
