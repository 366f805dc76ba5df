// Time. Decisions take `now` as an argument; only shells ask a Clock.
#pragma once

#include <chrono>

namespace keep {

using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const noexcept = 0;
};

class SteadyClock final : public Clock {
 public:
  Instant now() const noexcept override { return std::chrono::steady_clock::now(); }
};

inline double seconds(Duration d) noexcept { return std::chrono::duration<double>(d).count(); }

}  // namespace keep
