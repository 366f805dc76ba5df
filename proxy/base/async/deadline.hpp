// Deadline: one moving limit for a chain of waits that follow each other.
//
// The chain calls set() before each wait, which costs one store: the timer is armed once and looks
// again when it fires too early. So a relay of a thousand events, and a connection of a thousand
// requests, arm it a few times. Loop thread only.
#pragma once

#include "base/result.hpp"
#include "base/time/clock.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>

namespace keep {

class Deadline {
 public:
  // `on_passed` is called once, on the loop, when the limit has passed.
  Deadline(const asio::any_io_executor& executor, std::function<void()> on_passed);

  // `what` (a literal) names the wait in the error. Without effect once the limit has passed.
  void set(Duration limit, const char* what) noexcept;
  void clear() noexcept;  // no limit, not passed
  bool passed() const noexcept { return passed_; }
  const char* what() const noexcept { return what_; }

 private:
  void arm();
  void fired();

  asio::steady_timer timer_;
  std::function<void()> on_passed_;
  Instant at_ = Instant::max();
  Instant armed_ = Instant::max();
  const char* what_ = "";
  bool passed_ = false;
  std::shared_ptr<Deadline> alive_;  // what the timer's handler asks before it touches us
};

// Ends when the time is over, or when cancelled: the other side of a race.
asio::awaitable<void> elapse(Duration time);

}  // namespace keep
