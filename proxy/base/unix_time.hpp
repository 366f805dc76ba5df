// Time of day, for what is written down; durations and limits use clock.hpp.
#pragma once

#include <chrono>
#include <cstdint>

namespace keep {

// Seconds since 1970, UTC.
inline std::int64_t unix_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace keep
