#include "plugins/tier/model/s3fifo.hpp"

#include "plugins/tier/model/ranked_policies.hpp"
#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

namespace keep::tier {
namespace {

using test::chain_of;

TEST(S3Fifo, WhatIsUsedOutlivesAScan) {
  PrefixCache cache(10, 1000, make_s3fifo());
  Seconds now = 0;
  for (int round = 0; round < 4; ++round) {
    for (const BlockId id : {1U, 2U, 3U}) cache.request(chain_of({id}), now++);
  }
  for (BlockId id = 100; id < 200; ++id) cache.request(chain_of({id}), now++);
  for (const BlockId id : {1U, 2U, 3U}) EXPECT_EQ(cache.request(chain_of({id}), now++), 1U);
}

TEST(S3Fifo, WhatComesBackSoonAfterItWentStays) {
  PrefixCache cache(10, 1000, make_s3fifo());
  Seconds now = 0;
  cache.request(chain_of({1}), now++);
  for (BlockId id = 100; id < 112; ++id) cache.request(chain_of({id}), now++);
  ASSERT_EQ(cache.request(chain_of({1}), now++), 0U);  // once more, into the main queue
  for (BlockId id = 200; id < 250; ++id) cache.request(chain_of({id}), now++);
  EXPECT_EQ(cache.request(chain_of({1}), now++), 1U);
}

// The only leaf of the small queue is needed, so one of the main queue goes.
TEST(S3Fifo, TakesFromTheMainQueueWhenTheSmallOneIsNeeded) {
  PrefixCache cache(3, 1000, make_s3fifo());
  Seconds now = 0;
  for (const BlockId id : {9U, 8U}) {
    for (int i = 0; i < 4; ++i) cache.request(chain_of({id}), now++);
  }
  cache.request(chain_of({7}), now++);
  cache.request(chain_of({6}), now++);
  cache.request(chain_of({6, 5}), now++);
  EXPECT_EQ(cache.request(chain_of({6, 5}), now++), 2U);
}

TEST(S3Fifo, AReturnWithinTheSameMomentIsAReturn) {
  PrefixCache cache(10, 1000, make_s3fifo());
  cache.request(chain_of({1}), 0);
  for (BlockId id = 100; id < 112; ++id) cache.request(chain_of({id}), 0);
  ASSERT_EQ(cache.request(chain_of({1}), 0), 0U);
  for (BlockId id = 200; id < 250; ++id) cache.request(chain_of({id}), 0);
  EXPECT_EQ(cache.request(chain_of({1}), 0), 1U);
}

// All that is left is needed, or has others behind it.
TEST(S3Fifo, EndsWhenNothingMayGo) {
  PrefixCache cache(3, 1000, make_s3fifo());
  EXPECT_EQ(cache.request(chain_of({1, 2, 3, 4}), 0), 0U);
  EXPECT_EQ(cache.request(chain_of({1, 2, 3, 4}), 1), 3U);
  EXPECT_EQ(cache.request(chain_of({1, 2, 3, 4, 5}), 2), 3U);
  EXPECT_EQ(cache.evictions(), 0U);
}

}  // namespace
}  // namespace keep::tier
