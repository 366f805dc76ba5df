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
  constexpr std::size_t kCapacity = 8, kGhosts = 16;
  PrefixCache cache(kCapacity, kGhosts, make_lru());
  const test::Trace trace = test::random_trace(1, 3000);
  for (std::size_t i = 0; i < trace.chains.size(); ++i) {
    cache.request(trace.chains[i], trace.times[i]);
    ASSERT_LE(cache.known(), kCapacity + kGhosts);
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

// 2 went first and is forgotten; 1 went before it, too, but came back and went last.
TEST(PrefixCache, ForgetsTheGhostThatWentFirst) {
  PrefixCache cache(1, 2, make_lru());
  Seconds now = 0;
  for (const BlockId id : {1U, 2U, 1U, 2U, 3U, 1U, 4U}) cache.request(chain_of({id}), now++);
  const std::uint64_t before = cache.regrets();
  cache.request(chain_of({2}), now++);
  EXPECT_EQ(cache.regrets(), before);
  cache.request(chain_of({1}), now++);
  EXPECT_EQ(cache.regrets(), before + 1);
}

// 60 of the 120 bytes have room beside what is there.
TEST(PrefixCache, NothingGoesForWhatDoesNotFit) {
  PrefixCache cache(100, 100, make_lru());
  cache.request(std::vector<Block>{{9, 40}}, 0);
  cache.request(std::vector<Block>{{1, 60}, {2, 60}}, 1);
  EXPECT_EQ(cache.evictions(), 0U);
  EXPECT_EQ(cache.used(), 100U);
}

TEST(PrefixCache, TellsWhatWent) {
  PrefixCache cache(3, 100, make_lru());
  cache.request(chain_of({1, 2, 3}), 0);
  EXPECT_TRUE(cache.evicted().empty());
  cache.request(chain_of({1, 4, 5}), 1);
  EXPECT_EQ(std::vector<BlockId>(cache.evicted().begin(), cache.evicted().end()),
            (std::vector<BlockId>{3, 2}));
  EXPECT_TRUE(cache.keeps(1));
  EXPECT_FALSE(cache.keeps(2));
  cache.request(chain_of({1, 4, 5}), 2);
  EXPECT_TRUE(cache.evicted().empty());
}

// ... is no regret when it comes again, and what was before it can go after it.
TEST(PrefixCache, ALeafThatIsDroppedLeavesNoTrace) {
  PrefixCache cache(3, 100, make_lru());
  cache.request(chain_of({1, 2, 3}), 0);
  EXPECT_FALSE(cache.drop(1));
  EXPECT_FALSE(cache.drop(9));
  EXPECT_TRUE(cache.drop(3));
  EXPECT_FALSE(cache.drop(3));
  EXPECT_EQ(cache.used(), 2U);
  EXPECT_EQ(cache.known(), 2U);
  EXPECT_EQ(cache.evictions(), 0U);
  cache.request(chain_of({4, 5, 6}), 1);
  EXPECT_EQ(cache.kept(), 3U);
  EXPECT_TRUE(cache.keeps(6));
  EXPECT_FALSE(cache.keeps(1));
  cache.request(chain_of({3}), 2);
  EXPECT_EQ(cache.regrets(), 0U);
}

TEST(PrefixCache, NothingIsKeptWithoutRoom) {
  PrefixCache cache(0, 100, make_lineage(0, 100));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.request(chain_of({1, 2}), i), 0U);
}

std::vector<std::unique_ptr<EvictionPolicy>> all_policies(std::uint64_t capacity) {
  std::vector<std::unique_ptr<EvictionPolicy>> all;
  all.push_back(make_adaptive_semantic());  // the first: admits not all
  all.push_back(make_fifo());
  all.push_back(make_lru());
  all.push_back(make_lfu());
  all.push_back(make_gdsf());
  all.push_back(make_size_aware_lru());
  all.push_back(make_s3fifo());
  all.push_back(make_static_semantic());
  all.push_back(make_lineage(capacity, 100));
  return all;
}

// Never over the capacity, a prompt that has just been asked for is kept as far as it fits and is
// admitted, and the same calls have the same results.
void expect_promises(std::uint64_t capacity, std::uint32_t largest) {
  test::Trace trace = test::random_trace(7, 1500);
  for (auto& chain : trace.chains) {
    for (Block& block : chain) {
      block.bytes = 1 + static_cast<std::uint32_t>(block.id * 7 % largest);
      block.kind = static_cast<BlockKind>(block.id % kBlockKinds);
    }
  }
  auto first = all_policies(capacity), second = all_policies(capacity);
  for (std::size_t policy = 0; policy < first.size(); ++policy) {
    PrefixCache a(capacity, 100, std::move(first[policy]));
    PrefixCache b(capacity, 100, std::move(second[policy]));
    for (std::size_t i = 0; i < trace.chains.size(); ++i) {
      const auto& chain = trace.chains[i];
      const Seconds now = static_cast<Seconds>(i / 4);  // several at once
      ASSERT_EQ(a.request(chain, now), b.request(chain, now));
      ASSERT_LE(a.used(), capacity);
      std::uint64_t bytes = 0;
      const auto over = std::ranges::find_if(
          chain, [&](const Block& block) { return (bytes += block.bytes) > capacity; });
      const auto fits = static_cast<std::size_t>(over - chain.begin());
      const std::size_t kept = a.request(chain, now);
      ASSERT_EQ(kept, b.request(chain, now));
      ASSERT_LE(kept, fits);
      ASSERT_TRUE(kept == fits || policy == 0) << policy << ' ' << i;
    }
    EXPECT_GT(a.evictions(), 0U);
  }
}

TEST(PrefixCache, HoldsItsPromisesUnderEveryPolicy) { expect_promises(40, 1); }
TEST(PrefixCache, HoldsItsPromisesWhenItIsTiny) { expect_promises(3, 1); }
TEST(PrefixCache, HoldsItsPromisesForBlocksOfAllSizes) { expect_promises(60, 9); }

}  // namespace
}  // namespace keep::tier
