#pragma once

#include "plugins/tier/model/policies.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace keep::tier {

struct TierSettings {
  bool enabled = true;
  std::size_t ram_bytes = std::size_t{2} << 30;  // for KV cache that has left its slot
  Policy policy = Policy::kLineage;
  // The folder in which each upstream saves slots, as it is called here; empty: none is told. From
  // the [[upstream]] blocks.
  std::vector<std::string> folders;
};

}  // namespace keep::tier
