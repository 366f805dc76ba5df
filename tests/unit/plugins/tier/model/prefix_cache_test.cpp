#include "plugins/tier/model/prefix_cache.hpp"

#include "plugins/tier/model/lineage.hpp"
#include "plugins/tier/model/ranked_policies.hpp"
#include "plugins/tier/model/s3fifo.hpp"
#include "plugins/tier/model/semantic_policies.hpp"
#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace keep::tier {
namespace {

using test::chain_of;

TEST(PrefixCache, KeepsTheBeginningThatHasRoom) {
  PrefixCache cache(3, 100, make_lru());
  EXPECT_EQ(cache.request(chain_of({1, 2}), 0), 0U);
  EXPECT_EQ(cache.request(chain_of({1, 2, 3, 4}), 1), 2U);
  EXPECT_EQ(cache.request(chain_of({1, 2, 3, 4}), 2), 3U);
  EXPECT_EQ(cache.used(), 3U);
  EXPECT_EQ(cache.evictions(), 0U);
}

TEST(PrefixCache, OnlyLeavesGo) {
  PrefixCache cache(4, 100, make_lru());
  cache.request(chain_of({1, 2}), 0);
  cache.request(chain_of({1, 3}), 1);
  cache.request(chain_of({5, 6}), 2);  // 2 goes; 1 holds 3
  EXPECT_EQ(cache.request(chain_of({1, 3}), 3), 2U);
  EXPECT_EQ(cache.evictions(), 1U);
}

TEST(PrefixCache, TheBlockBeforeGoesWhenNothingHoldsItAnyMore) {
  PrefixCache cache(3, 100, make_lru());
  cache.request(chain_of({1, 2, 3}), 0);
  cache.request(chain_of({4, 5}), 1);
  EXPECT_EQ(cache.request(chain_of({1, 2, 3}), 2), 1U);
}

TEST(PrefixCache, WhatARequestNamesDoesNotGoForIt) {
  PrefixCache cache(2, 100, make_lru());
  cache.request(chain_of({1, 2}), 0);
  EXPECT_EQ(cache.request(chain_of({1, 2, 3, 4, 5}), 1), 2U);
  EXPECT_EQ(cache.request(chain_of({1, 2}), 2), 2U);
}

TEST(PrefixCache, ABlockNamedTwiceEndsTheChain) {
  PrefixCache cache(8, 100, make_lru());
  EXPECT_EQ(cache.request(chain_of({1, 2, 1, 3}), 0), 0U);
  EXPECT_EQ(cache.request(chain_of({1, 2, 1, 3}), 1), 2U);
  EXPECT_EQ(cache.used(), 2U);
}

// One name cannot stand for two prompts.
TEST(PrefixCache, ABlockAfterAnotherOneIsNotIt) {
  PrefixCache cache(8, 100, make_lru());
  cache.request(chain_of({1, 2}), 0);
  EXPECT_EQ(cache.request(chain_of({3, 2}), 1), 0U);
  EXPECT_EQ(cache.used(), 3U);
}

TEST(PrefixCache, CountsBytes) {
  PrefixCache cache(100, 100, make_lru());
  cache.request(std::vector<Block>{{1, 60}, {2, 30}, {3, 20}}, 0);
  EXPECT_EQ(cache.used(), 90U);
  cache.request(std::vector<Block>{{4, 50}}, 1);
  EXPECT_EQ(cache.used(), 50U);
}

TEST(PrefixCache, RemembersNoMoreGhostsThanItMay) {
  constexpr std::size_t kCapacity = 8, kGhosts = 16, kLongest = 64;
  PrefixCache cache(kCapacity, kGhosts, make_lru());
  const test::Trace trace = test::random_trace(1, 3000);
  for (std::size_t i = 0; i < trace.chains.size(); ++i) {
    ASSERT_LE(trace.chains[i].size(), kLongest);
    cache.request(trace.chains[i], trace.times[i]);
    ASSERT_LE(cache.known(), kCapacity + kGhosts + kLongest);
  }
}

TEST(PrefixCache, CountsWhatIsMissedSoonAfterItWent) {
  PrefixCache cache(1, 1000, make_lru());
  cache.request(chain_of({1}), 0);
  cache.request(chain_of({2}), 1);
  cache.request(chain_of({1}), 2);
  EXPECT_EQ(cache.regrets(), 1U);
  for (BlockId id = 10; id < 10 + PrefixCache::kRegretRequests; ++id) {
    cache.request(chain_of({id}), 3);
  }
  cache.request(chain_of({2}), 4);  // went long ago
  EXPECT_EQ(cache.regrets(), 1U);
}

TEST(PrefixCache, NothingIsKeptWithoutRoom) {
  PrefixCache cache(0, 100, make_lineage(0, 100));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.request(chain_of({1, 2}), i), 0U);
}

// Whatever the policy: never over the capacity, a prompt that has just been asked for is kept as
// far as it fits, and the same calls have the same results.
TEST(PrefixCache, HoldsItsPromisesUnderEveryPolicy) {
  constexpr std::uint64_t kCapacity = 40;
  const test::Trace trace = test::random_trace(7, 2000);
  const auto make_all = [&] {
    std::vector<std::unique_ptr<EvictionPolicy>> all;
    all.push_back(make_fifo());
    all.push_back(make_lru());
    all.push_back(make_lfu());
    all.push_back(make_gdsf());
    all.push_back(make_size_aware_lru());
    all.push_back(make_s3fifo());
    all.push_back(make_static_semantic());
    all.push_back(make_lineage(kCapacity, 1000));
    return all;
  };
  auto first = make_all(), second = make_all();
  for (std::size_t policy = 0; policy < first.size(); ++policy) {
    PrefixCache a(kCapacity, 1000, std::move(first[policy]));
    PrefixCache b(kCapacity, 1000, std::move(second[policy]));
    for (std::size_t i = 0; i < trace.chains.size(); ++i) {
      const auto& chain = trace.chains[i];
      const Seconds now = trace.times[i];
      ASSERT_EQ(a.request(chain, now), b.request(chain, now));
      ASSERT_LE(a.used(), kCapacity);
      ASSERT_EQ(a.request(chain, now), std::min<std::size_t>(chain.size(), kCapacity));
      b.request(chain, now);
    }
    EXPECT_GT(a.evictions(), 0U);
  }
}

}  // namespace
}  // namespace keep::tier
