// Deadline: one moving limit for a chain of waits that follow each other.
//
// The chain calls set() before each wait, which costs one store; a guard that runs beside it (in a
// race) waits in passed(). So a relay of a thousand events arms one timer a few times instead of a
// thousand. Loop thread only.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keep {

class Deadline {
 public:
  explicit Deadline(const asio::any_io_executor& executor) : timer_(executor) {}

  // `what` (a literal) names the wait in the error. An earlier limit than the armed one re-arms.
  void set(Duration limit, const char* what) noexcept;
  const char* what() const noexcept { return what_; }
  bool expired() const noexcept { return std::chrono::steady_clock::now() >= at_; }

  // Ends when the limit has passed, or when cancelled.
  asio::awaitable<void> passed();

 private:
  asio::steady_timer timer_;
  Instant at_ = Instant::max();
  Instant armed_ = Instant::max();
  const char* what_ = "";
};

}  // namespace keep
