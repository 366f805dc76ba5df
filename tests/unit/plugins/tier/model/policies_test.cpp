#include "plugins/tier/model/policies.hpp"

#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>

namespace keep::tier {
namespace {

// Each name makes a policy, and no two the same one.
TEST(Policies, AreAsManyAsTheirNames) {
  const test::Trace trace = test::random_trace(11, 3000);
  std::set<std::size_t> hits;
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(Policy::kLineage); ++i) {
    hits.insert(test::hits_of(trace, 150, make_policy(static_cast<Policy>(i), 150, 1000)));
  }
  // Blocks of one size and no kind: size-aware and the two semantic ones have nothing to go by.
  EXPECT_GE(hits.size(), 6U);
}

}  // namespace
}  // namespace keep::tier
