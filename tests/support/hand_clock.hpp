// HandClock: time goes by when a test says so.
#pragma once

#include "base/time/clock.hpp"

#include <chrono>

namespace keep::test {

class HandClock final : public Clock {
 public:
  Instant now() const noexcept override { return now_; }
  void turn(Duration by) { now_ += by; }

 private:
  Instant now_ = Instant() + std::chrono::hours(1);
};

}  // namespace keep::test
