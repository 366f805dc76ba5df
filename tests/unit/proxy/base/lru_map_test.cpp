#include "base/lru_map.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep {
namespace {

TEST(LruMap, GivesUpTheLeastRecentlyUsed) {
  LruMap<int, std::string> map;
  map.get(1) = "one";
  map.get(2) = "two";
  map.get(3) = "three";
  ASSERT_NE(map.find(1), nullptr);
  EXPECT_EQ(*map.peek(2), "two");  // a peek is no use
  const auto oldest = map.pop_oldest();
  ASSERT_TRUE(oldest);
  EXPECT_EQ(oldest->first, 2);
  EXPECT_EQ(oldest->second, "two");
  EXPECT_EQ(map.pop_oldest()->first, 3);
  EXPECT_EQ(map.pop_oldest()->first, 1);
  EXPECT_FALSE(map.pop_oldest());
}

TEST(LruMap, ForgetsWhatIsErased) {
  LruMap<std::string, int> map;
  map.get("a") = 1;
  EXPECT_EQ(map.get("a"), 1);
  EXPECT_TRUE(map.erase("a"));
  EXPECT_FALSE(map.erase("a"));
  EXPECT_EQ(map.find("a"), nullptr);
  EXPECT_TRUE(map.empty());
}

}  // namespace
}  // namespace keep
