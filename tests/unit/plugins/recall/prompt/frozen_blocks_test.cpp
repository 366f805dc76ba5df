#include "plugins/recall/prompt/frozen_blocks.hpp"

#include "plugins/recall/prompt/block_sidecar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::recall {
namespace {

TEST(FrozenBlocks, KeepsWhatMayStillBeSent) {
  FrozenBlocks blocks(10000);
  EXPECT_FALSE(blocks.knows(1));
  blocks.put(1, 4, {"four", 1, {7}}, 0);
  blocks.put(1, 8, {"eight", 1, {}}, 2);
  ASSERT_NE(blocks.find(1), nullptr);
  EXPECT_EQ(blocks.find(1)->size(), 2U);
  blocks.put(1, 12, {"twelve", 1, {}}, 6);
  EXPECT_EQ(blocks.find(1)->size(), 2U);
  EXPECT_FALSE(blocks.find(1)->contains(4));
  blocks.put(1, 12, {"again", 1, {}}, 6);
  EXPECT_EQ(blocks.find(1)->at(12).text, "again");
  EXPECT_EQ(&blocks.put(1, 14, {"fourteen", 1, {}}, 6), blocks.find(1));
  blocks.forget(1);
  EXPECT_EQ(blocks.find(1), nullptr);
  EXPECT_EQ(blocks.bytes(), 0U);
}

TEST(FrozenBlocks, ForgetsTheLeastRecentlyUsedConversation) {
  FrozenBlocks blocks(1000);
  for (std::uint64_t i = 1; i <= 5; ++i) blocks.put(i, 1, {std::string(300, 'x'), 1, {}}, 0);
  EXPECT_FALSE(blocks.knows(1));
  EXPECT_TRUE(blocks.knows(5));
  EXPECT_LE(blocks.bytes(), 1000U);
  for (std::uint64_t i = 6; i <= 100; ++i) blocks.restore(i, {});
  EXPECT_LE(blocks.bytes(), 1000U);
}

TEST(FrozenBlocks, RestoresWhatWasWrittenDown) {
  FrozenBlocks before(10000), after(10000);
  before.put(1, 4, {"\"four\"\n\xc3\xa9", 11, {7, 0xffffffff}, {~0ULL}}, 0);
  before.put(1, 8, {"eight", 12, {}}, 0);
  const std::string text = to_sidecar(*before.find(1));
  after.restore(1, from_sidecar(text));
  ASSERT_TRUE(after.knows(1));
  EXPECT_EQ(after.bytes(), before.bytes());
  const Block& four = after.find(1)->at(4);
  EXPECT_EQ(four.text, "\"four\"\n\xc3\xa9");
  EXPECT_EQ(four.tokens, 11);
  EXPECT_EQ(four.passages, (std::vector<std::uint32_t>{7, 0xffffffff}));
  EXPECT_EQ(four.facts, std::vector<std::uint64_t>{~0ULL});
  EXPECT_EQ(after.find(1)->at(8).text, "eight");
  after.restore(1, {});
  EXPECT_TRUE(after.find(1)->empty());
  after.forget(1);
  EXPECT_EQ(after.bytes(), 0U);
}

TEST(BlockSidecar, WhatCannotBeReadIsLeftOut) {
  for (const char* text : {"", "[]", "{}", "[1]", "[{\"before\":-1,\"text\":\"x\"}]",
                           "[{\"before\":1}]", "[{\"before\":4294967295,\"text\":\"x\"}]"}) {
    EXPECT_TRUE(from_sidecar(text).empty()) << text;
  }
  EXPECT_EQ(from_sidecar("[{\"before\":1},{\"before\":2,\"text\":\"x\"}]").size(), 1U);
}

Block block_of(const std::string& text, std::vector<std::uint32_t> passages) {
  Block made;
  made.text = text;
  made.tokens = static_cast<std::int64_t>(text.size());
  made.passages = std::move(passages);
  return made;
}

TEST(FrozenBlocks, OneCanBeTakenBack) {
  FrozenBlocks frozen(1 << 20);
  frozen.put(7, 3, block_of("one", {1}), 0);
  const std::size_t before = frozen.bytes();
  frozen.put(7, 5, block_of("two", {2}), 0);
  EXPECT_EQ(frozen.take_back(7, 5), frozen.find(7));
  EXPECT_EQ(frozen.take_back(7, 99), frozen.find(7));
  EXPECT_EQ(frozen.take_back(8, 3), nullptr);
  EXPECT_EQ(frozen.bytes(), before);
  ASSERT_NE(frozen.find(7), nullptr);
  EXPECT_EQ(frozen.find(7)->size(), 1U);
  EXPECT_EQ(frozen.find(7)->at(3).text, "one");
}

TEST(FrozenBlocks, JoinedHasBothTheLaterOneBehind) {
  const Block both = joined(block_of("first", {1, 2}), block_of("then", {3}));
  EXPECT_EQ(both.text, "first\nthen");
  EXPECT_EQ(both.tokens, 9);
  EXPECT_EQ(both.passages, (std::vector<std::uint32_t>{3, 1, 2}));
}

}  // namespace
}  // namespace keep::recall
