#include "app/process/stall_watchdog.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(StallCount, TicksWithoutABeatAddUp) {
  StallCount count;
  EXPECT_FALSE(count.tick(1, 3));
  EXPECT_FALSE(count.tick(1, 3));
  EXPECT_FALSE(count.tick(1, 3));
  EXPECT_TRUE(count.tick(1, 3));
}

TEST(StallCount, ABeatWipesThemOut) {
  StallCount count;
  for (std::uint64_t beats = 1; beats < 100; ++beats) {
    EXPECT_FALSE(count.tick(beats, 3));
    EXPECT_FALSE(count.tick(beats, 3));
    EXPECT_FALSE(count.tick(beats, 3));
  }
}

TEST(StallCount, ALoopThatNeverBeginsIsOneThatStands) {
  StallCount count;
  EXPECT_FALSE(count.tick(0, 2));
  EXPECT_TRUE(count.tick(0, 2));
}

}  // namespace
}  // namespace keep
