#include "plugins/tier/model/ranked_policies.hpp"

#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace keep::tier {
namespace {

using test::chain_of;

// Which of the blocks 1, 2 and 3, each a prompt of its own, went for a fourth. 1 was used three
// times and first, 2 twice and last, 3 once.
BlockId gone_under(std::unique_ptr<EvictionPolicy> policy) {
  PrefixCache cache(3, 100, std::move(policy));
  Seconds now = 0;
  for (const BlockId id : {1U, 1U, 1U, 2U, 3U, 2U, 4U}) cache.request(chain_of({id}), now++);
  for (const BlockId id : {1U, 2U, 3U}) {  // the first that is missing is the only one
    if (cache.request(chain_of({id}), now) == 0) return id;
  }
  return 0;
}

TEST(RankedPolicies, FifoDropsWhatWasKeptFirst) { EXPECT_EQ(gone_under(make_fifo()), 1U); }
TEST(RankedPolicies, LruDropsWhatWasUsedLongestAgo) { EXPECT_EQ(gone_under(make_lru()), 1U); }
TEST(RankedPolicies, LfuDropsWhatWasUsedLeast) { EXPECT_EQ(gone_under(make_lfu()), 3U); }
TEST(RankedPolicies, SizeAwareLruDropsTheOldestOfEqualSizes) {
  EXPECT_EQ(gone_under(make_size_aware_lru()), 1U);
}
TEST(RankedPolicies, GdsfDropsWhatWasUsedLeast) { EXPECT_EQ(gone_under(make_gdsf()), 3U); }

// 8 bytes of 2 s ago against 1 byte of 3 s, then of 20 s.
TEST(RankedPolicies, SizeAwareLruWeighsBytesByAge) {
  for (const bool is_old : {false, true}) {
    PrefixCache cache(9, 100, make_size_aware_lru());
    const Seconds now = is_old ? 20 : 3;
    cache.request(std::vector<Block>{{1, 1}}, 0);
    cache.request(std::vector<Block>{{2, 8}}, now - 2);
    cache.request(std::vector<Block>{{3, 1}}, now);
    EXPECT_EQ(cache.used(), is_old ? 9U : 2U);
  }
}

// Under lfu a block that was used often stays for ever, under gdsf until others have passed it.
TEST(RankedPolicies, GdsfLetsOldFameAge) {
  const auto famous_is_kept = [](std::unique_ptr<EvictionPolicy> policy) {
    PrefixCache cache(2, 1000, std::move(policy));
    Seconds now = 0;
    for (int i = 0; i < 5; ++i) cache.request(chain_of({1}), now++);
    for (BlockId id = 2; id < 40; ++id) cache.request(chain_of({id}), now++);
    return cache.request(chain_of({1}), now) > 0;
  };
  EXPECT_TRUE(famous_is_kept(make_lfu()));
  EXPECT_FALSE(famous_is_kept(make_gdsf()));
}

}  // namespace
}  // namespace keep::tier
