// lineage: the leaf goes whose return is least likely while it would be kept.
//
// Conversations come back the more surely the longer they have gone on, and after pauses of their
// own. So leaves are told apart by the turn of the prompt that used them last (1, 2, 3, 4, 5 and
// later; prompts that branch off a prefix that others share, which go on with turn 1; first
// blocks), and for each kind it is counted at which age (seconds since the last use, in bins) its
// prompts came back:
//
//   chance(kind, age) = returns of that kind between age and age + survival
//                     / prompts of that kind that have not come back before that age
//
// where survival is how long what goes had been left alone, as a moving mean. Of the least recently
// used leaf of each kind the one with the smallest chance goes, of equal ones the older one.
// Reading a block again costs the same per byte whatever its size, so chance is expected seconds
// saved per byte, too.
//
// A cache of the same size that goes by LRU is followed beside it, by names alone. While it has had
// more hits of late, by more than 0.2 percent of what was asked for, its rule is taken.
//
// A prompt counts once, however many others fork off it, and the first 8 192 of a kind count half
// when as many have come. Ghosts are what it learns from: with few it takes a conversation that
// comes back for a new one.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace keep::tier {

// For a cache of that capacity and number of ghosts.
std::unique_ptr<EvictionPolicy> make_lineage(std::uint64_t capacity_bytes, std::size_t ghosts);

}  // namespace keep::tier
