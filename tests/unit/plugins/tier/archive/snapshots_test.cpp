#include "plugins/tier/archive/snapshots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

PromptOwner owner(const std::string& id, const std::string& agent = "", const char* tenant = "t") {
  PromptOwner owner;
  owner.conversation = {tenant, id};
  owner.agent = agent;
  return owner;
}

BlockName name(std::uint64_t number) { return {0, number}; }

Snapshot snapshot(const std::vector<std::uint64_t>& blocks,
                  const std::vector<std::uint64_t>& short_ones = {}) {
  Snapshot made;
  std::uint32_t at = 0;
  for (const auto number : blocks) {
    made.chain.push_back({name(number), at, kBlockTokens});
    at += kBlockTokens;
  }
  for (const auto number : short_ones) {
    made.chain.push_back({name(number), at, kTailTokens});
    at += kTailTokens;
  }
  return made;
}

std::vector<std::uint64_t> numbers(const std::vector<BlockName>& names) {
  std::vector<std::uint64_t> numbers;
  for (const BlockName& one : names) numbers.push_back(one.low);
  std::ranges::sort(numbers);
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(Snapshots, AreFoundByTheirOwner) {
  Snapshots all(100);
  all.note(owner("a"), snapshot({1, 2}));
  all.note(owner("a", "sub"), snapshot({1, 3}));
  ASSERT_NE(all.find(owner("a")), nullptr);
  EXPECT_EQ(all.find(owner("a"))->chain[1].name, name(2));
  EXPECT_EQ(all.find(owner("a", "sub"))->chain[1].name, name(3));
  EXPECT_EQ(all.find(owner("a", "other")), nullptr);
  EXPECT_EQ(all.find(owner("a", "", "another tenant")), nullptr);
}

TEST(Snapshots, ShortBlocksGoWhenThePromptHasGrown) {
  Snapshots all(100);
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1}, {10, 11}))), Numbers{});
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1}, {10, 11, 12}))), Numbers{});
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1, 2}, {20}))), (Numbers{10, 11, 12}));
}

TEST(Snapshots, WhatSomebodyElseHasStays) {
  Snapshots all(100);
  all.note(owner("a"), snapshot({1, 2}, {10}));
  all.note(owner("b"), snapshot({1}, {10}));
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1, 2, 3}))), Numbers{});
  EXPECT_EQ(numbers(all.forget(owner("a").conversation)), (Numbers{2, 3}));
  EXPECT_EQ(all.find(owner("a")), nullptr);
  EXPECT_EQ(numbers(all.forget(owner("b").conversation)), (Numbers{1, 10}));
  EXPECT_EQ(all.blocks(), 0U);
}

// Of an edited prompt the end of the one before is kept until the conversation ends.
TEST(Snapshots, AConversationEndsWithAllItEverHad) {
  Snapshots all(100);
  all.note(owner("a"), snapshot({1, 2, 3}));
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1, 4}))), Numbers{});
  all.note(owner("a", "sub"), snapshot({5, 6}));
  EXPECT_EQ(numbers(all.forget(owner("a").conversation)), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(numbers(all.forget(owner("a").conversation)), Numbers{});
}

TEST(Snapshots, TheOldestConversationsGoWhenThereAreTooMany) {
  Snapshots all(4);
  all.note(owner("a"), snapshot({1, 2}));
  all.note(owner("b"), snapshot({1, 3}));
  EXPECT_EQ(numbers(all.note(owner("c"), snapshot({4, 5}))), Numbers{2});
  EXPECT_EQ(all.find(owner("a")), nullptr);
  EXPECT_NE(all.find(owner("b")), nullptr);
  EXPECT_EQ(numbers(all.note(owner("d"), snapshot({6, 7, 8, 9, 10}))), (Numbers{1, 3, 4, 5}));
  EXPECT_NE(all.find(owner("d")), nullptr);
}

}  // namespace
}  // namespace keep::tier
