#include "flow/item_memory.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(ItemMemory, KnowsItemsOfTheirTenantOnly) {
  ItemMemory items;
  items.put("a", "msg_1", "{}");
  items.put("a", "msg_1", R"({"x":1})");
  EXPECT_EQ(items.find("a", "msg_1"), R"({"x":1})");
  EXPECT_EQ(items.find("b", "msg_1"), "");
  EXPECT_EQ(items.find("a", "msg_2"), "");
}

TEST(ItemMemory, ForgetsTheLeastRecentlyUsed) {
  ItemMemory items;
  const std::string large(ItemMemory::kMaxBytes / 4, 'x');
  items.put("t", "0", large);
  items.put("t", "1", large);
  items.put("t", "2", large);
  EXPECT_NE(items.find("t", "0"), "");
  items.put("t", "3", large);
  EXPECT_EQ(items.find("t", "1"), "");
  EXPECT_NE(items.find("t", "0"), "");
  EXPECT_LE(items.bytes(), ItemMemory::kMaxBytes);
}

TEST(ItemMemory, WhoStoresWithoutEndForgetsItsOwn) {
  ItemMemory items;
  items.put("quiet", "0", "{}");
  const std::string large(ItemMemory::kMaxBytes / 4, 'x');
  for (int i = 0; i < 8; ++i) items.put("loud", std::to_string(i), large);
  EXPECT_EQ(items.find("quiet", "0"), "{}");
  EXPECT_LE(items.bytes(), ItemMemory::kMaxBytes);
}

}  // namespace
}  // namespace keep
