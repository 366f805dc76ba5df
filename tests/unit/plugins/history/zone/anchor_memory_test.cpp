#include "plugins/history/zone/anchor_memory.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keep::history {
namespace {

using Positions = std::vector<Position>;

const Positions kPositions{10, 11, 12, 13, 14, 15};
constexpr AnchorMemory::Key kKey{1, 7};

TEST(AnchorMemory, FollowsThePositions) {
  AnchorMemory memory(8);
  EXPECT_EQ(memory.find(kKey, kPositions), Anchor());
  memory.put(kKey, {0, 0, 2}, kPositions);
  EXPECT_EQ(memory.find(kKey, kPositions).first, 2U);
  EXPECT_EQ(memory.find(kKey, Positions{11, 12, 13}).first, 1U);  // the client has cut its history
  EXPECT_EQ(memory.find(kKey, Positions{20, 21}), Anchor());
  EXPECT_EQ(memory.find({1, 8}, kPositions), Anchor());
  EXPECT_EQ(memory.find({2, 7}, kPositions), Anchor());
}

TEST(AnchorMemory, WhatWasSavedRestoresEveryAgent) {
  AnchorMemory memory(8), restored(8);
  memory.put(kKey, {0, 0, 2}, kPositions);
  memory.put({1, ~0ULL}, {1, 3, 5}, kPositions);
  EXPECT_FALSE(restored.knows(1));
  restored.restore(1, memory.saved(1));
  EXPECT_TRUE(restored.knows(1));
  EXPECT_EQ(restored.find(kKey, kPositions), (Anchor{2, 2, 2}));
  EXPECT_EQ(restored.find({1, ~0ULL}, kPositions), (Anchor{1, 3, 5}));
}

TEST(AnchorMemory, NothingSavedIsAnAnswer) {
  AnchorMemory memory(8);
  for (const char* saved :
       {"", "[]", "[{}]", "[{\"agent\":\"7\",\"first\":-1}]", "{\"first\":2}"}) {
    memory.forget(1);
    memory.restore(1, saved);
    EXPECT_TRUE(memory.knows(1)) << saved;
    EXPECT_EQ(memory.find(kKey, kPositions), Anchor()) << saved;
  }
}

TEST(AnchorMemory, IsBounded) {
  AnchorMemory memory(2);
  for (std::uint64_t i = 1; i <= 3; ++i) memory.put({i, 0}, {0, 0, 1}, kPositions);
  EXPECT_FALSE(memory.knows(1));
  EXPECT_TRUE(memory.knows(3));
  for (std::uint64_t i = 0; i <= AnchorMemory::kMaxAgents; ++i) {
    memory.put({3, 100 + i}, {0, 0, 1}, kPositions);
  }
  EXPECT_EQ(memory.find({3, 100}, kPositions), Anchor());
  EXPECT_EQ(memory.find({3, 101}, kPositions).first, 1U);
}

}  // namespace
}  // namespace keep::history
