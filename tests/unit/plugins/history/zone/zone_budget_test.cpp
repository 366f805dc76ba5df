#include "plugins/history/zone/zone_budget.hpp"

#include <gtest/gtest.h>

namespace keep::history {
namespace {

Demand demand(Tokens window, Tokens fixed, std::optional<Tokens> max_tokens, Tokens recall) {
  Demand d;
  d.window = window;
  d.fixed = fixed;
  d.max_tokens = max_tokens;
  d.recall = recall;
  return d;
}

TEST(MakeBudget, TakesOffWhatIsNotTheConversations) {
  const Budget budget = make_budget(demand(6400, 400, 1000, 1024));
  EXPECT_EQ(budget.whole, 6400 - 400 - 1000 - 16 - 100);
  EXPECT_EQ(budget.recall, 1024);
  EXPECT_EQ(budget.zone, budget.whole - 1024);
  EXPECT_EQ(budget.limit, 5999);
}

TEST(MakeBudget, NeitherAnswerNorRecalledTextTakesMoreThanAQuarter) {
  const Budget budget = make_budget(demand(1024, 0, 32000, 1024));
  EXPECT_EQ(budget.recall, 256);
  EXPECT_EQ(budget.whole, 1024 - 256 - 16 - 16);
  EXPECT_EQ(make_budget(demand(1024, 0, std::nullopt, 0)).whole, budget.whole);
}

TEST(PromptBias, FollowsTheLargestSeenAndForgetsSlowly) {
  PromptBias bias;
  bias.learn(1000, 900);
  EXPECT_DOUBLE_EQ(bias.factor(), 1.0);
  bias.learn(1000, 1300);
  EXPECT_DOUBLE_EQ(bias.factor(), 1.3);
  bias.learn(1000, 1000);
  EXPECT_GT(bias.factor(), 1.29);
  for (int i = 0; i < 1000; ++i) bias.learn(1000, 1000);
  EXPECT_LT(bias.factor(), 1.01);
  bias.learn(10, 1000);  // too little to tell
  EXPECT_LT(bias.factor(), 1.01);
}

}  // namespace
}  // namespace keep::history
