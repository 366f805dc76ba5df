#include "flow/item_memory.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(ItemMemory, KnowsItemsOfTheirTenantOnly) {
  ItemMemory items;
  items.put({"a", "c"}, "msg_1", "{}");
  items.put({"a", "c"}, "msg_1", R"({"x":1})");
  EXPECT_EQ(items.find("a", "msg_1"), R"({"x":1})");
  EXPECT_EQ(items.find("b", "msg_1"), "");
  EXPECT_EQ(items.find("a", "msg_2"), "");
}

TEST(ItemMemory, ForgetsTheLeastRecentlyUsed) {
  ItemMemory items;
  const std::string large(ItemMemory::kMaxBytes / 4, 'x');
  items.put({"t", "c"}, "0", large);
  items.put({"t", "c"}, "1", large);
  items.put({"t", "c"}, "2", large);
  EXPECT_NE(items.find("t", "0"), "");
  items.put({"t", "c"}, "3", large);
  EXPECT_EQ(items.find("t", "1"), "");
  EXPECT_NE(items.find("t", "0"), "");
  EXPECT_LE(items.bytes(), ItemMemory::kMaxBytes);
}

TEST(ItemMemory, ItemsGoWithTheirConversation) {
  ItemMemory items;
  items.put({"a", "c"}, "msg_1", "{}");
  items.put({"a", "c"}, "msg_2", "{}");
  items.put({"a", "d"}, "msg_3", "{}");
  items.put({"b", "c"}, "msg_1", "{}");
  items.forget({"a", "c"});
  EXPECT_EQ(items.find("a", "msg_1"), "");
  EXPECT_EQ(items.find("a", "msg_2"), "");
  EXPECT_EQ(items.find("a", "msg_3"), "{}");
  EXPECT_EQ(items.find("b", "msg_1"), "{}");
  items.forget({"a", "d"});
  items.forget({"b", "c"});
  EXPECT_EQ(items.bytes(), 0U);
}

TEST(ItemMemory, WhoStoresWithoutEndForgetsItsOwn) {
  ItemMemory items;
  items.put({"quiet", "c"}, "0", "{}");
  const std::string large(ItemMemory::kMaxBytes / 4, 'x');
  for (int i = 0; i < 8; ++i) items.put({"loud", "c"}, std::to_string(i), large);
  EXPECT_EQ(items.find("quiet", "0"), "{}");
  EXPECT_LE(items.bytes(), ItemMemory::kMaxBytes);
}

}  // namespace
}  // namespace keep
