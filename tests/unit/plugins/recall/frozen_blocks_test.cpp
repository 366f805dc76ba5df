#include "plugins/recall/frozen_blocks.hpp"

#include <gtest/gtest.h>

namespace keep::recall {
namespace {

Block block(const std::string& text, std::vector<std::uint32_t> passages) {
  Block made;
  made.text = text;
  made.tokens = static_cast<std::int64_t>(text.size());
  made.passages = std::move(passages);
  return made;
}

TEST(FrozenBlocks, OneCanBeTakenBack) {
  FrozenBlocks frozen(1 << 20);
  frozen.put(7, 3, block("one", {1}), 0);
  const std::size_t before = frozen.bytes();
  frozen.put(7, 5, block("two", {2}), 0);
  frozen.take_back(7, 5);
  frozen.take_back(7, 99);
  frozen.take_back(8, 3);
  EXPECT_EQ(frozen.bytes(), before);
  ASSERT_NE(frozen.find(7), nullptr);
  EXPECT_EQ(frozen.find(7)->size(), 1U);
  EXPECT_EQ(frozen.find(7)->at(3).text, "one");
}

TEST(FrozenBlocks, JoinedHasBothTheLaterOneBehind) {
  const Block both = joined(block("first", {1, 2}), block("then", {3}));
  EXPECT_EQ(both.text, "first\nthen");
  EXPECT_EQ(both.tokens, 9);
  EXPECT_EQ(both.passages, (std::vector<std::uint32_t>{3, 1, 2}));
}

}  // namespace
}  // namespace keep::recall
