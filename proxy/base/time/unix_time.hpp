// Time of day, for what is written down; durations and limits use clock.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace keep {

// Seconds since 1970, UTC. What a clock may say: to the year 9999.
inline constexpr std::int64_t kMaxUnixTime = 253402300799;
inline constexpr std::int64_t to_unix_time(std::int64_t seconds) noexcept {
  return std::clamp<std::int64_t>(seconds, 0, kMaxUnixTime);
}

inline std::int64_t unix_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return to_unix_time(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace keep
