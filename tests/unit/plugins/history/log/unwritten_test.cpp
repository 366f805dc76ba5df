#include "plugins/history/log/unwritten.hpp"

#include <gtest/gtest.h>

namespace keep::history {
namespace {

TEST(UnwrittenBytes, NoTenantTakesWhatItDoesNotLeave) {
  UnwrittenBytes all(300);
  EXPECT_FALSE(all.try_add(1, 151));
  EXPECT_TRUE(all.try_add(1, 150)) << "alone: half";
  EXPECT_FALSE(all.try_add(1, 1));
  EXPECT_TRUE(all.try_add(2, 75)) << "another one: half of the rest";
  EXPECT_FALSE(all.try_add(2, 1));
  EXPECT_TRUE(all.try_add(3, 30));
  all.remove(1, 150);
  EXPECT_TRUE(all.try_add(2, 22));
  EXPECT_FALSE(all.try_add(2, 60));
}

TEST(UnwrittenShare, GivesBackWhatItHeld) {
  const auto all = std::make_shared<UnwrittenBytes>(300);
  {
    UnwrittenShare share(100, all, 1);
    EXPECT_TRUE(share.resize(100));
    EXPECT_FALSE(share.resize(101)) << "of one log";
    EXPECT_TRUE(share.resize(40));
    UnwrittenShare other(200, all, 1);
    EXPECT_TRUE(other.resize(110));
    EXPECT_FALSE(other.resize(111)) << "of its tenant";
  }
  EXPECT_TRUE(all->try_add(1, 150));
}

}  // namespace
}  // namespace keep::history
