#include "plugins/tier/model/semantic_policies.hpp"

#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keep::tier {
namespace {

std::vector<Block> one(BlockId id, BlockKind kind, std::uint32_t tokens = 64) {
  return {{id, 1, tokens, kind}};
}
bool is_kept(PrefixCache& cache, BlockId id, BlockKind kind, Seconds now) {
  return cache.request(one(id, kind), now) > 0;
}

TEST(StaticSemantic, TheKindOfLeastWeightGoesFirstThenTheOldest) {
  PrefixCache cache(3, 100, make_static_semantic());
  cache.request(one(1, BlockKind::kSystem), 0);
  cache.request(one(2, BlockKind::kUser), 1);
  cache.request(one(3, BlockKind::kUser), 2);
  cache.request(one(4, BlockKind::kAssistant), 3);  // 2 goes
  EXPECT_TRUE(is_kept(cache, 3, BlockKind::kUser, 4));
  cache.request(one(5, BlockKind::kAssistant), 5);  // 3 goes, though it was used last
  EXPECT_TRUE(is_kept(cache, 1, BlockKind::kSystem, 6));
  EXPECT_TRUE(is_kept(cache, 4, BlockKind::kAssistant, 7));
}

TEST(AdaptiveSemantic, TakesNoUserWordsInWhenFull) {
  PrefixCache cache(2, 100, make_adaptive_semantic());
  cache.request(one(1, BlockKind::kUser), 0);
  EXPECT_TRUE(is_kept(cache, 1, BlockKind::kUser, 1));  // there was room
  cache.request(one(2, BlockKind::kCode), 2);
  cache.request(one(3, BlockKind::kUser), 3);
  cache.request(one(4, BlockKind::kOther), 4);
  EXPECT_EQ(cache.evictions(), 0U);
  cache.request(one(5, BlockKind::kCode), 5);
  EXPECT_EQ(cache.evictions(), 1U);
}

// 2.4 x exp(-age / 60) against 1.0: a system prompt is worth less than an answer that was used now
// when it is older than 60 s x ln 2.4 = 52.5 s.
TEST(AdaptiveSemantic, WorthFades) {
  for (const bool is_old : {false, true}) {
    PrefixCache cache(2, 100, make_adaptive_semantic());
    const Seconds later = is_old ? 55 : 50;
    cache.request(one(1, BlockKind::kSystem), 0);
    cache.request(one(2, BlockKind::kAssistant), later);
    cache.request(one(3, BlockKind::kCode), later);
    EXPECT_EQ(
        is_kept(cache, is_old ? 2 : 1, is_old ? BlockKind::kAssistant : BlockKind::kSystem, later),
        true);
    EXPECT_EQ(cache.evictions(), 1U);
  }
}

// Behind 180 s all are worth a twentieth, and the kind decides again.
TEST(AdaptiveSemantic, WorthFadesNoFurtherThanToATwentieth) {
  PrefixCache cache(2, 100, make_adaptive_semantic());
  cache.request(one(1, BlockKind::kSystem), 0);
  cache.request(one(2, BlockKind::kAssistant), 100);
  cache.request(one(3, BlockKind::kCode), 1000);
  EXPECT_TRUE(is_kept(cache, 1, BlockKind::kSystem, 1000));
}

TEST(AdaptiveSemantic, WhatIsAskedForOftenIsWorthMore) {
  PrefixCache cache(2, 100, make_adaptive_semantic());
  for (int i = 0; i < 3; ++i) cache.request(one(1, BlockKind::kAssistant), i);
  cache.request(one(2, BlockKind::kCode), 3);
  cache.request(one(3, BlockKind::kSystem), 4);
  EXPECT_TRUE(is_kept(cache, 1, BlockKind::kAssistant, 5));
}

// A kind that is missed soon after it went weighs more: answers more than code, in the end.
TEST(AdaptiveSemantic, RegretRaisesTheWeightOfAKind) {
  for (const bool missed : {false, true}) {
    PrefixCache cache(2, 100, make_adaptive_semantic());
    BlockId fresh = 10;
    for (int i = 0; missed && i < 20; ++i, fresh += 3) {
      for (const BlockId id : {fresh, fresh + 1, fresh + 2, fresh}) {
        cache.request(one(id, BlockKind::kAssistant), 0);
      }
    }
    EXPECT_EQ(cache.regrets() >= 20, missed);
    for (int twice = 0; twice < 2; ++twice) {
      cache.request(one(1, BlockKind::kAssistant), 0);
      cache.request(one(2, BlockKind::kCode), 0);
    }
    cache.request(one(3, BlockKind::kSystem), 0);
    EXPECT_EQ(is_kept(cache, 1, BlockKind::kAssistant, 0), missed);
  }
}

}  // namespace
}  // namespace keep::tier
