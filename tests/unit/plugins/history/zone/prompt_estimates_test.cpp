#include "plugins/history/zone/prompt_estimates.hpp"

#include <gtest/gtest.h>

namespace keep::history {
namespace {

TEST(PromptEstimates, WithoutAMeasurementTheBytesAreBelievedAndDoubted) {
  const PromptEstimates estimates;
  const auto estimate = estimates.of(1, 600);
  EXPECT_EQ(estimate.likely, 600);
  EXPECT_EQ(estimate.at_most, 1000);
  EXPECT_FALSE(estimate.measured);
}

TEST(PromptEstimates, WhatWasMeasuredIsCertainAndOnlyTheRestIsDoubted) {
  PromptEstimates estimates;
  estimates.measured(1, 600, 1500);
  EXPECT_EQ(estimates.of(1, 600).at_most, 1500);
  const auto longer = estimates.of(1, 660);
  EXPECT_EQ(longer.likely, 1560);
  EXPECT_EQ(longer.at_most, 1600);
  EXPECT_TRUE(longer.measured);
  EXPECT_EQ(estimates.of(1, 0).likely, 900);
}

TEST(PromptEstimates, OneConversationSaysNothingAboutAnother) {
  PromptEstimates estimates;
  for (int i = 0; i < 100; ++i) estimates.measured(1, 1000, 2900);
  EXPECT_EQ(estimates.of(2, 600).at_most, 1000);
}

TEST(PromptEstimates, TheLastMeasurementTakesThePlaceOfTheOneBefore) {
  PromptEstimates estimates;
  estimates.measured(1, 1000, 2900);
  estimates.measured(1, 1000, 700);
  EXPECT_EQ(estimates.of(1, 1000).at_most, 700);
  estimates.measured(1, 35000, 5641);  // tools that the template does not print
  EXPECT_EQ(estimates.of(1, 35300).likely, 5941);
  EXPECT_EQ(estimates.of(1, 300).likely, 0);  // they are gone
}

TEST(PromptEstimates, IsBounded) {
  PromptEstimates estimates;
  for (std::uint64_t i = 1; i <= PromptEstimates::kMaxRemembered + 1; ++i) {
    estimates.measured(i, 10, 20);
  }
  EXPECT_FALSE(estimates.of(1, 10).measured);
  EXPECT_TRUE(estimates.of(2, 10).measured);
}

}  // namespace
}  // namespace keep::history
