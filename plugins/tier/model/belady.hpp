// belady: the leaf goes that is needed again last, or never (Belady, IBM Systems Journal 5-2, 1966;
// here on the leaves of a tree). It has to know the future, so it is for replays: what any policy
// could reach at most, nearly.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <memory>
#include <span>
#include <vector>

namespace keep::tier {

// `requests`: the chains that will be asked for, all of them and in that order.
std::unique_ptr<EvictionPolicy> make_belady(std::span<const std::vector<Block>> requests);

}  // namespace keep::tier
