#include "plugins/identify/mark_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <unordered_map>

namespace keep::identify {
namespace {

TEST(MarkIndex, AMarkMayBelongToSeveralConversations) {
  MarkIndex index;
  const std::uint64_t mark = 0xab00000000000001;
  index.add(mark, 1);
  index.add(mark, 2);
  index.add(mark, 2);
  index.add(mark + 1, 3);
  index.remove(mark, 2);  // one of the two
  index.remove(mark, 4);
  const auto [begin, end] = index.equal_range(mark);
  EXPECT_EQ(std::distance(begin, end), 2);
  EXPECT_EQ(index.size(), 3U);
  EXPECT_TRUE(index.contains(mark + 1));
  EXPECT_FALSE(index.contains(mark + 2));
}

// Against one table that holds them all.
TEST(MarkIndex, AnswersAsOneTableWould) {
  MarkIndex index;
  std::unordered_multimap<std::uint64_t, MarkIndex::Key> all;
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::uint64_t mark = (random() % 512) << 55;
    const MarkIndex::Key key = random() % 4;
    if (i % 3 == 0) {
      index.remove(mark, key);
      const auto [begin, end] = all.equal_range(mark);
      const auto at = std::find_if(begin, end, [key](const auto& p) { return p.second == key; });
      if (at != end) all.erase(at);
    } else {
      index.add(mark, key);
      all.emplace(mark, key);
    }
    const auto [begin, end] = index.equal_range(mark);
    ASSERT_EQ(static_cast<std::size_t>(std::distance(begin, end)), all.count(mark));
    ASSERT_EQ(index.contains(mark), all.contains(mark));
  }
  EXPECT_EQ(index.size(), all.size());
}

}  // namespace
}  // namespace keep::identify
