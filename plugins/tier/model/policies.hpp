// The policies by the names they have in the configuration.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace keep::tier {

enum class Policy : std::uint8_t {
  kFifo,
  kLru,
  kLfu,
  kSizeAwareLru,
  kStaticSemantic,
  kAdaptiveSemantic,
  kGdsf,
  kS3Fifo,
  kLineage,
};

// For a cache of that capacity and number of ghosts.
std::unique_ptr<EvictionPolicy> make_policy(Policy policy, std::uint64_t capacity_bytes,
                                            std::size_t ghosts);

}  // namespace keep::tier
