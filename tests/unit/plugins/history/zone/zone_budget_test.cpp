#include "plugins/history/zone/zone_budget.hpp"

#include <gtest/gtest.h>

namespace keep::history {
namespace {

Demand demand(Tokens window, std::optional<Tokens> max_tokens, Tokens recall) {
  Demand d;
  d.window = window;
  d.max_tokens = max_tokens;
  d.recall = recall;
  return d;
}

TEST(MakeBudget, TakesOffWhatIsNotTheConversations) {
  const Budget budget = make_budget(demand(6400, 1000, 1024));
  EXPECT_EQ(budget.whole, 6400 - 1000 - 16 - 100);
  EXPECT_EQ(budget.recall, 1024);
  EXPECT_EQ(budget.zone, budget.whole - 1024);
  EXPECT_EQ(budget.limit, 6399);
}

TEST(MakeBudget, NeitherAnswerNorRecalledTextTakesMoreThanAQuarter) {
  const Budget budget = make_budget(demand(1024, 32000, 1024));
  EXPECT_EQ(budget.recall, 256);
  EXPECT_EQ(budget.whole, 1024 - 256 - 16 - 16);
  EXPECT_EQ(make_budget(demand(1024, std::nullopt, 0)).whole, budget.whole);
}

}  // namespace
}  // namespace keep::history
