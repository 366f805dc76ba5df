#pragma once

#include <chrono>
#include <cstddef>

namespace keep::slots {

struct SlotsSettings {
  bool enabled = true;
  bool scratch = true;         // one slot for auxiliary calls where an upstream has at least four
  std::size_t max_active = 0;  // exchanges running at once; 0: the number of slots
  std::size_t queue = 64;      // exchanges waiting; beyond that 503
  std::chrono::milliseconds queue_timeout{30000};
  std::size_t pool_tokens = 0;     // KV cells all slots of an upstream share; 0: as it reports
};

}  // namespace keep::slots
