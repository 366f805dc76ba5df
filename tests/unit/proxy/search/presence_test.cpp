#include "search/presence.hpp"

#include <gtest/gtest.h>

namespace keep::search {
namespace {

TEST(Presence, CountsPersonsAndPassages) {
  Presence presence;
  EXPECT_EQ(presence.persons(3), 0);
  presence.reset(8);
  presence.add(2, 4);
  presence.add(3, 8);
  EXPECT_EQ(presence.passages(), 6U);
  const int expected[] = {0, 0, 1, 2, 1, 1, 1, 1, 0};
  for (PassageId passage = 0; passage < 9; ++passage) {
    EXPECT_EQ(presence.persons(passage), expected[passage]) << passage;
  }
  presence.reset(1);
  EXPECT_EQ(presence.passages(), 0U);
  EXPECT_EQ(presence.persons(3), 0);
}

TEST(Presence, CountsPostings) {
  Postings postings;
  for (const std::uint32_t passage : {0U, 2U, 3U, 5U, 7U, 8U, 900U}) postings.add(0, passage, 1);
  Presence presence;
  EXPECT_EQ(presence.count(postings.read(0)), 0U);
  presence.reset(8);
  presence.add(2, 4);
  presence.add(7, 8);
  EXPECT_EQ(presence.count(postings.read(0)), 3U);
  EXPECT_EQ(presence.count(postings.read(1)), 0U);
}

}  // namespace
}  // namespace keep::search
