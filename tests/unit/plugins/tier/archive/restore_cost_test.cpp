#include "plugins/tier/archive/restore_cost.hpp"

#include <gtest/gtest.h>

namespace keep::tier {
namespace {

TEST(RestoreCost, PaysUntilSomethingElseIsKnown) {
  RestoreCost cost;
  EXPECT_TRUE(cost.pays(1, 1'000'000'000));
  cost.prefilled(1000, 1);
  EXPECT_TRUE(cost.pays(1, 1'000'000'000));
}

// 1 ms a token against 1 ns a byte and 2 ms.
TEST(RestoreCost, ComparesWhatWasMeasured) {
  RestoreCost cost;
  cost.prefilled(1000, 1);
  cost.restored(10'000'000, 0.012);
  EXPECT_DOUBLE_EQ(cost.prefill_seconds(100), 0.1);
  EXPECT_DOUBLE_EQ(cost.restore_seconds(98'000'000), 0.1);
  EXPECT_TRUE(cost.pays(100, 97'000'000));
  EXPECT_FALSE(cost.pays(100, 99'000'000));
  EXPECT_FALSE(cost.pays(1, 0));
}

TEST(RestoreCost, FollowsWhatChanges) {
  RestoreCost cost;
  cost.prefilled(1000, 1);
  for (int i = 0; i < 100; ++i) cost.prefilled(1000, 4);
  EXPECT_NEAR(cost.prefill_seconds(1000), 4, 0.001);
}

// Of a short prompt a token takes longer.
TEST(RestoreCost, LongPromptsSayMoreThanShortOnes) {
  RestoreCost cost;
  for (int i = 0; i < 20; ++i) {
    cost.prefilled(2000, 2);
    cost.prefilled(40, 0.4);
  }
  EXPECT_NEAR(cost.prefill_seconds(1000), 1.18, 0.05);
}

// A stall of the server is forgotten.
TEST(RestoreCost, IsSoonQuickAgain) {
  RestoreCost cost;
  cost.prefilled(1000, 1);
  cost.restored(1'000'000, 10);
  EXPECT_FALSE(cost.pays(100, 1'000'000));
  for (int i = 0; i < 7; ++i) cost.restored(1'000'000, 0.003);
  EXPECT_TRUE(cost.pays(100, 1'000'000));
}

TEST(RestoreCost, LearnsNothingOfNothing) {
  RestoreCost cost;
  cost.prefilled(1, 100);
  cost.prefilled(1000, 0);
  cost.restored(0, 1);
  EXPECT_EQ(cost.prefill_seconds(1000), 0);
  EXPECT_TRUE(cost.pays(1, 1'000'000'000));
}

}  // namespace
}  // namespace keep::tier
