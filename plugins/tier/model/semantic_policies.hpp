// Policies that go by what the text of a block is: a system prompt is worth more than a question.
//
// static_semantic: the kind of the smallest weight goes first (kDefaultWeights), of one kind what
// was least recently used.
//
// adaptive_semantic: the smallest score goes,
//
//   weight x (1 + ln(1 + n) + n / 4) x max(0.05, exp(-age / 60 s)) x max(1, ms saved)
//          / tokens^0.15
//
// n: requests that named the block; ms saved: what reading its tokens again would take, at 0.08 ms
// for each. The weight of a kind begins at its default and is drawn back to it by 0.5 percent with
// each request; it grows by 0.05 with a request that hits the kind and by 0.2 with one that misses
// a block of it that went at most PrefixCache::kRegretRequests ago, between 0.2 and 5. Once the
// store is full, blocks of the user's words and of nothing in particular are not taken in.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <array>
#include <memory>

namespace keep::tier {

// In the order of BlockKind.
inline constexpr std::array<double, kBlockKinds> kDefaultWeights = {2.4, 2.0, 1.6, 1.4,
                                                                    1.1, 1.0, 0.7, 0.8};

std::unique_ptr<EvictionPolicy> make_static_semantic();
std::unique_ptr<EvictionPolicy> make_adaptive_semantic();

}  // namespace keep::tier
