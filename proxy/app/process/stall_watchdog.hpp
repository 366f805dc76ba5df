// Ends the program when its loop has not turned for too long: an outage of seconds instead of one
// that lasts until somebody looks.
//
// A thread of its own counts its own ticks, not the time: when the whole process was stopped (a
// debugger, SIGSTOP, a machine asleep) the watchdog was, too, and nothing is held against the loop.
#pragma once

#include "base/time/clock.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <thread>

namespace keep {

// How many ticks have passed since the last beat. Pure.
class StallCount {
 public:
  // The number of beats so far, at a tick; true: `limit` ticks in a row have seen none.
  bool tick(std::uint64_t beats, std::uint64_t limit) noexcept {
    missed_ = beats == seen_ ? missed_ + 1 : 0;
    seen_ = beats;
    return missed_ >= limit;
  }

 private:
  std::uint64_t seen_ = 0, missed_ = 0;
};

class StallWatchdog {
 public:
  // Made on the thread that will beat. Without a beat for `limit` that thread's stack goes to the
  // log and the program aborts.
  explicit StallWatchdog(Duration limit);
  ~StallWatchdog();
  StallWatchdog(const StallWatchdog&) = delete;

  void beat() noexcept { beats_.fetch_add(1, std::memory_order_relaxed); }

 private:
  void watch();
  [[noreturn]] void give_up() const;

  Duration limit_;
  pthread_t loop_;
  std::atomic<std::uint64_t> beats_{0};
  std::binary_semaphore stop_{0};
  std::thread thread_;
};

}  // namespace keep
