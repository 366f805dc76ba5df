// s3fifo: two queues (Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023).
// What is new waits in a small one, a tenth of all; what is used twice there goes to the main one,
// the rest goes. What came back soon after it went joins the main one at once. There, what was used
// since it was put in is put in again, as often as it was used (3 times at most).
//
// Here on the leaves of a tree: a block that has others behind it leaves its queue, and joins it
// again when it has become a leaf.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <memory>

namespace keep::tier {

std::unique_ptr<EvictionPolicy> make_s3fifo();

}  // namespace keep::tier
