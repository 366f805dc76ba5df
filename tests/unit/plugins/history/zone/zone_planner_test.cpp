#include "plugins/history/zone/zone_planner.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace keep::history {
namespace {

using Verdict = ZonePlan::Verdict;

// One letter for each message: s, u, a, t.
std::vector<Weight> messages(const std::string& roles, Tokens tokens = 10) {
  std::vector<Weight> list;
  for (const char c : roles) {
    const Role role = c == 'u'   ? Role::kUser
                      : c == 'a' ? Role::kAssistant
                      : c == 't' ? Role::kTool
                                 : Role::kSystem;
    list.push_back({role, tokens});
  }
  return list;
}

TEST(PlanZone, KeepsTheAnchorWhileEverythingFits) {
  const auto list = messages("uauau");
  const ZonePlan plan = plan_zone(list, {}, 50, 0.5);
  EXPECT_EQ(plan.verdict, Verdict::kKept);
  EXPECT_EQ(plan.anchor, Anchor());
  EXPECT_EQ(plan.tokens, 50);
}

TEST(PlanZone, JumpsToTheFirstTurnBelowLowWater) {
  const auto list = messages("uauauauau");  // 90
  const ZonePlan plan = plan_zone(list, {}, 80, 0.5);
  EXPECT_EQ(plan.verdict, Verdict::kMoved);
  EXPECT_EQ(plan.anchor, (Anchor{6, 6, 6}));
  EXPECT_EQ(plan.tokens, 30);
}

TEST(PlanZone, StaysThereUntilTheBudgetIsFullAgain) {
  Anchor anchor;
  std::string roles = "u";
  int jumps = 0;
  for (int turn = 0; turn < 200; ++turn) {
    const auto list = messages(roles);
    const ZonePlan plan = plan_zone(list, anchor, 200, 0.5);
    ASSERT_NE(plan.verdict, Verdict::kTooLong);
    ASSERT_LE(plan.tokens, 200);
    if (plan.verdict == Verdict::kMoved) ++jumps;
    anchor = plan.anchor;
    roles += "au";
  }
  EXPECT_LE(jumps, 200 * 20 / 100);  // a jump frees about 100, a turn brings 20
  EXPECT_GE(jumps, 200 * 20 / 120 - 2);
}

TEST(PlanZone, ANewestTurnAboveLowWaterIsKeptWhole) {
  auto list = messages("uauau");
  list.back().tokens = 70;
  const ZonePlan plan = plan_zone(list, {}, 80, 0.5);
  EXPECT_EQ(plan.verdict, Verdict::kMoved);
  EXPECT_EQ(plan.anchor, (Anchor{4, 4, 4}));
}

TEST(PlanZone, ToolResultsStayWithTheirCall) {
  const auto list = messages("uauatatat");  // the turn at 2 holds three rounds of two messages
  const ZonePlan plan = plan_zone(list, {}, 40, 0.8);
  EXPECT_EQ(plan.verdict, Verdict::kMoved);
  EXPECT_EQ(plan.anchor, (Anchor{2, 3, 7}));
  EXPECT_EQ(plan.tokens, 30);
}

TEST(PlanZone, ALongTurnLosesRoundsButNotItsOpening) {
  const auto list = messages("usatatatatatat");
  const ZonePlan plan = plan_zone(list, {}, 100, 0.5);
  EXPECT_EQ(plan.verdict, Verdict::kMoved);
  EXPECT_EQ(plan.anchor.head_begin, 0U);
  EXPECT_EQ(plan.anchor.head_end, 2U);
  EXPECT_EQ(plan.anchor.first, 12U);
  const auto longer = messages("usatatatatatatatat");
  EXPECT_EQ(plan_zone(longer, plan.anchor, 100, 0.5).verdict, Verdict::kKept);
  const auto full = messages("usatatatatatatatatatat");
  const ZonePlan again = plan_zone(full, plan.anchor, 100, 0.5);
  EXPECT_EQ(again.verdict, Verdict::kMoved);
  EXPECT_EQ(again.anchor.head_end, 2U);
  EXPECT_GT(again.anchor.first, plan.anchor.first);
}

TEST(PlanZone, TheNextTurnGoesOnFromACutOne) {
  const auto list = messages(
      "usatatatatatat"
      "au");
  const Anchor cut{0, 2, 12};
  const ZonePlan plan = plan_zone(list, cut, 100, 0.5);
  EXPECT_EQ(plan.verdict, Verdict::kKept);
  EXPECT_EQ(plan.tokens, 60);
}

TEST(PlanZone, SaysWhatWouldHaveToFit) {
  auto list = messages("uau");
  list.back().tokens = 120;
  const ZonePlan plan = plan_zone(list, {}, 100, 0.5);
  EXPECT_EQ(plan.verdict, Verdict::kTooLong);
  EXPECT_EQ(plan.tokens, 120);
}

TEST(PlanZone, NothingToPlan) {
  EXPECT_EQ(plan_zone({}, {}, 10, 0.5).verdict, Verdict::kKept);
  EXPECT_EQ(plan_zone({}, {}, -1, 0.5).verdict, Verdict::kTooLong);
}

TEST(PlanZone, WhateverComesTheZoneFitsOrIsSaidToBeTooLong) {
  std::mt19937 random(7);
  const auto pick = [&](int n) {
    return static_cast<std::size_t>(random()) % static_cast<std::size_t>(n);
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<Weight> list(pick(30));
    for (Weight& w : list) {
      constexpr Role kRoles[] = {Role::kUser, Role::kAssistant, Role::kTool, Role::kSystem};
      w = {kRoles[pick(4)], static_cast<Tokens>(pick(40))};
    }
    const Tokens budget = static_cast<Tokens>(pick(200));
    const std::size_t at = list.empty() ? 0 : pick(static_cast<int>(list.size()));
    const ZonePlan plan = plan_zone(list, Anchor{at, at, at}, budget, 0.5);
    const Anchor& a = plan.anchor;
    ASSERT_LE(a.head_begin, a.head_end);
    ASSERT_LE(a.head_end, a.first);
    ASSERT_LE(a.first, list.size());
    Tokens sum = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i >= a.first || (i >= a.head_begin && i < a.head_end)) sum += list[i].tokens;
    }
    ASSERT_EQ(sum, plan.tokens);
    ASSERT_EQ(plan.verdict == Verdict::kTooLong, plan.tokens > budget);
    // Never a tool result without its call, unless the list itself begins with one.
    if (plan.verdict == Verdict::kMoved && a.first < list.size()) {
      ASSERT_FALSE(list[a.first].role == Role::kTool && a.first > 0) << round;
    }
  }
}

}  // namespace
}  // namespace keep::history
