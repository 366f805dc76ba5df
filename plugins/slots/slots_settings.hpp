#pragma once

#include <chrono>
#include <cstddef>

namespace keep::slots {

struct SlotsSettings {
  bool enabled = true;
  bool scratch = true;         // auxiliary calls share one slot instead of displacing conversations
  std::size_t max_active = 0;  // exchanges running at once; 0: the number of slots
  std::size_t queue = 64;      // exchanges waiting; beyond that 503
  std::chrono::milliseconds queue_timeout{600000};
  std::chrono::milliseconds archive_limit{10000};  // for what an archive does to one slot
};

}  // namespace keep::slots
