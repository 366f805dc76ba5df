// Policies that give each leaf a rank when it is used; the lowest goes. Of equal ones the one that
// was ranked first.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <memory>

namespace keep::tier {

std::unique_ptr<EvictionPolicy> make_fifo();  // kept first, gone first
std::unique_ptr<EvictionPolicy> make_lru();   // least recently used
std::unique_ptr<EvictionPolicy> make_lfu();   // least often used

// The largest product of bytes and age goes, of the least recently used block of each size (by
// powers of two). A short prefix that many share is as safe as its last use is near.
std::unique_ptr<EvictionPolicy> make_size_aware_lru();

// GreedyDual-Size-Frequency (Cherkasova, HP Labs TR 1998-69): uses, plus what the last one that
// went had, so that old fame ages. What a block costs to make grows as its size does, so neither
// counts.
std::unique_ptr<EvictionPolicy> make_gdsf();

}  // namespace keep::tier
