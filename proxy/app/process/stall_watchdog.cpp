#include "app/process/stall_watchdog.hpp"

#include "base/log.hpp"
#include "base/os/thread_stack.hpp"

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace keep {

namespace {

constexpr std::uint64_t kTicks = 20;  // in the limit
constexpr std::chrono::seconds kAnswer{1};

}  // namespace

StallWatchdog::StallWatchdog(Duration limit) : limit_(limit), loop_(::pthread_self()) {
  prepare_thread_stack();
  thread_ = std::thread([this] { watch(); });
}

StallWatchdog::~StallWatchdog() {
  stop_.release();
  thread_.join();
}

void StallWatchdog::watch() {
  StallCount count;
  while (!stop_.try_acquire_for(limit_ / kTicks)) {
    if (count.tick(beats_.load(std::memory_order_relaxed), kTicks)) give_up();
  }
}

// The log's own thread and queue may be what is stuck.
void StallWatchdog::give_up() const {
  const std::vector<std::string> stack = stack_of(loop_, kAnswer);
  log::write_now(log::Level::kError, "event loop stalled, aborting",
                 {{"seconds", seconds(limit_)}, {"frames", stack.size()}});
  for (std::size_t i = 0; i < stack.size(); ++i) {
    log::write_now(log::Level::kError, "event loop stalled at", {{"frame", i}, {"at", stack[i]}});
  }
  std::abort();
}

}  // namespace keep
