#include "plugins/tier/model/belady.hpp"

#include "plugins/tier/model/lineage.hpp"
#include "plugins/tier/model/ranked_policies.hpp"
#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keep::tier {
namespace {

TEST(Belady, DropsWhatIsNeededLast) {
  test::Trace trace;
  for (const BlockId id : {1U, 2U, 3U, 1U, 2U}) {
    trace.times.push_back(static_cast<Seconds>(trace.times.size()));
    trace.chains.push_back(test::chain_of({id}));
  }
  EXPECT_EQ(test::hits_of(trace, 2, make_belady(trace.chains)), 1U);  // 2 went for 3
  EXPECT_EQ(test::hits_of(trace, 2, make_fifo()), 0U);
  EXPECT_EQ(test::hits_of(trace, 2, make_lru()), 0U);
}

TEST(Belady, NothingBeatsIt) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const test::Trace trace = test::random_trace(seed, 1000);
    for (const std::uint64_t capacity : {20U, 80U, 320U}) {
      const std::size_t best = test::hits_of(trace, capacity, make_belady(trace.chains));
      EXPECT_GE(best, test::hits_of(trace, capacity, make_fifo()));
      EXPECT_GE(best, test::hits_of(trace, capacity, make_lru()));
      EXPECT_GE(best, test::hits_of(trace, capacity, make_lfu()));
      EXPECT_GE(best, test::hits_of(trace, capacity, make_gdsf()));
      EXPECT_GE(best, test::hits_of(trace, capacity, make_lineage(capacity, 1 << 20)));
    }
  }
}

}  // namespace
}  // namespace keep::tier
