#include "plugins/history/log/message_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace keep::history {
namespace {

MessageRow row(Role role, Position parent, std::uint32_t tokens, std::uint64_t hash = 0) {
  MessageRow row;
  row.role = role;
  row.parent = parent;
  row.tokens = tokens;
  row.hash = hash;
  return row;
}

TEST(MessageTree, CountsTurnsAndTokensAlongTheWay) {
  MessageTree tree;
  tree.add(row(Role::kSystem, kNoPosition, 100));
  tree.add(row(Role::kUser, 0, 10));
  tree.add(row(Role::kAssistant, 1, 20));
  tree.add(row(Role::kUser, 2, 30));
  tree.add(row(Role::kUser, 2, 40));  // the same turn again
  tree.add(row(Role::kAssistant, 4, 50));
  EXPECT_EQ(tree.info(0).turn, 0U);
  EXPECT_EQ(tree.info(2).turn, 1U);
  EXPECT_EQ(tree.info(3).turn, 2U);
  EXPECT_EQ(tree.info(5).turn, 2U);
  EXPECT_EQ(tree.info(3).token_position, 130U);
  EXPECT_EQ(tree.info(5).token_position, 170U);
  EXPECT_EQ(tree.info(4).parent, 2U);
  EXPECT_EQ(tree.tokens(), 250U);
  EXPECT_EQ(tree.turns(), 3U);
}

TEST(MessageTree, FindsTheLatestOfSeveral) {
  MessageTree tree;
  tree.add(row(Role::kUser, kNoPosition, 1, 5));
  tree.add(row(Role::kAssistant, 0, 1, 7));
  tree.add(row(Role::kAssistant, 0, 1, 7));
  tree.add(row(Role::kAssistant, 0, 1, 8));
  tree.add(row(Role::kUser, kNoPosition, 1, 5));
  EXPECT_EQ(tree.child(kNoPosition, 5), 4U);
  EXPECT_EQ(tree.child(0, 7), 2U);
  EXPECT_EQ(tree.child(0, 8), 3U);
  EXPECT_EQ(tree.child(0, 9), std::nullopt);
  EXPECT_EQ(tree.child(1, 7), std::nullopt);  // position 2 has another parent
  EXPECT_EQ(tree.child(4, 7), std::nullopt);
  EXPECT_EQ(tree.last_with(7), 2U);
  EXPECT_EQ(tree.last_with(9), std::nullopt);
}

TEST(MessageTree, WhatIsRemovedWasNeverThere) {
  std::mt19937_64 random(5);
  MessageTree with, without;
  for (int step = 0; step < 500; ++step) {
    const auto add = [](MessageTree& tree, std::uint64_t chance) {
      const auto size = static_cast<Position>(tree.size());
      const Position parent =
          chance % 3 == 0 ? kNoPosition : size - 1 - static_cast<Position>(chance % (size + 1));
      tree.add(row(chance % 2 == 0 ? Role::kUser : Role::kAssistant, parent,
                   static_cast<std::uint32_t>(chance % 100), chance % 4));
    };
    const std::size_t extra = random() % 4;
    for (std::size_t i = 0; i < extra; ++i) add(with, random());
    for (std::size_t i = 0; i < extra; ++i) with.remove_last();
    const std::uint64_t chance = random();
    add(with, chance);
    add(without, chance);
    ASSERT_EQ(with.size(), without.size());
    ASSERT_EQ(with.tokens(), without.tokens());
    ASSERT_EQ(with.turns(), without.turns());
    const auto last = static_cast<Position>(with.size() - 1);
    ASSERT_EQ(with.info(last).parent, without.info(last).parent);
    ASSERT_EQ(with.info(last).turn, without.info(last).turn);
    for (std::uint64_t hash = 0; hash < 4; ++hash) {
      const Position parent = random() % 2 == 0 ? kNoPosition : last / 2;
      ASSERT_EQ(with.child(parent, hash), without.child(parent, hash));
    }
  }
}

TEST(MessageTree, WaysAreThoseOfTheParents) {
  std::mt19937_64 random(1);
  MessageTree tree;
  for (Position i = 0; i < 2000; ++i) {
    Position parent = i - 1;
    if (random() % 100 == 0) parent = kNoPosition;
    if (i > 0 && random() % 20 == 0) parent = static_cast<Position>(random() % i);
    tree.add(row(Role::kUser, parent, static_cast<std::uint32_t>(random() % 100), i));
  }
  for (Position tip = 0; tip < 2000; tip += 7) {
    const Path path = tree.path_to(tip);
    EXPECT_TRUE(std::ranges::is_sorted(path, {}, &Stretch::first));
    std::uint32_t turns = 0;
    for (Position at = tip; at != kNoPosition; at = tree.info(at).parent) {
      ASSERT_TRUE(contains(path, at));
      ASSERT_EQ(tree.child(tree.info(at).parent, at), at);
      ++turns;
    }
    EXPECT_EQ(tree.info(tip).turn, turns);
    std::uint32_t length = 0;
    for (const Stretch& stretch : path) length += stretch.last - stretch.first + 1;
    EXPECT_EQ(length, turns);
  }
}

TEST(MessageTree, LostMessagesKeepTheirPlaceAndTheTotals) {
  MessageTree tree;
  tree.add(row(Role::kUser, kNoPosition, 10, 5));
  tree.add_lost(4);
  tree.set_totals(70, 3);
  tree.add(row(Role::kUser, 3, 10, 6));
  EXPECT_EQ(tree.size(), 5U);
  EXPECT_EQ(tree.tokens(), 80U);
  EXPECT_EQ(tree.turns(), 4U);
  EXPECT_EQ(tree.info(2).role, Role::kOther);
  EXPECT_EQ(tree.path_to(4).size(), 1U);
}

TEST(MessageTree, CostsThirtyThreeBytesPerMessage) {
  MessageTree tree;
  for (Position i = 0; i < 10'000; ++i) tree.add(row(Role::kUser, i - 1, 1, i));
  EXPECT_LE(tree.memory_bytes(), 10'000U * 33);
}

}  // namespace
}  // namespace keep::history
