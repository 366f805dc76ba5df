// LoopProbe: how long the loop of a proxy is held at most, seen from outside by asking it something
// small again and again.
//
// What counts is how long its thread was at something, not how long it waited for a processor: a
// busy machine is not a stall.
#pragma once

#include "tests/support/test_proxy.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace keep::test {

class LoopProbe {
 public:
  // No stall may be longer. The sanitizers make all code that much slower.
#if defined(__SANITIZE_THREAD__)
  static constexpr std::chrono::milliseconds kLongest{1000};
#elif defined(__SANITIZE_ADDRESS__)
  static constexpr std::chrono::milliseconds kLongest{400};
#else
  static constexpr std::chrono::milliseconds kLongest{100};
#endif

  explicit LoopProbe(const TestProxy& proxy);
  ~LoopProbe();

  std::chrono::nanoseconds longest_stall() const { return std::chrono::nanoseconds(longest_); }

 private:
  void watch(unsigned short port, int loop_thread);

  std::atomic<std::int64_t> longest_{0};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace keep::test
