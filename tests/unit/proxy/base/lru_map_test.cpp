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

TEST(LruMap, WhoHasMostLosesItsOldest) {
  LruMap<int, int> map;
  map.get(1, 'a');
  map.get(2, 'b');
  map.get(3, 'b');
  map.get(4, 'b');
  EXPECT_EQ(map.pop_oldest()->first, 2);
  EXPECT_EQ(map.pop_oldest()->first, 3);
  EXPECT_EQ(map.pop_oldest()->first, 1) << "one each: the oldest";
}

TEST(LruMap, WhoFillsItLosesOnlyItsOwn) {
  LruMap<int, int> map;
  for (int i = 0; i < 3; ++i) map.get(i, 'a');
  for (int i = 100; i < 1000; ++i) {
    map.get(i, 'b');
    while (map.size() > 10) map.pop_oldest();
  }
  for (int i = 0; i < 3; ++i) EXPECT_NE(map.peek(i), nullptr);
}

TEST(LruMap, WeightsDecideWhoHasMost) {
  LruMap<int, int> map;
  map.get(1, 'a');
  map.get(2, 'b');
  map.get(3, 'b');
  map.get(4, 'c');
  map.weigh(1, 100);
  map.weigh(1, 10);
  EXPECT_EQ(map.pop_oldest()->first, 1);
  EXPECT_EQ(map.pop_oldest()->first, 2);
}

TEST(LruMap, TheOneInUseIsSparedHoweverHeavy) {
  LruMap<int, int> map;
  map.get(1, 'a');
  map.get(2, 'b');
  map.weigh(2, 1000);
  EXPECT_EQ(map.pop_oldest()->first, 1);
  EXPECT_EQ(map.pop_oldest()->first, 2);
}

}  // namespace
}  // namespace keep
