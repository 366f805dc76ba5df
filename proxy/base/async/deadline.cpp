#include "base/async/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace keep {

Deadline::Deadline(const asio::any_io_executor& executor, std::function<void()> on_passed)
    : timer_(executor), on_passed_(std::move(on_passed)), alive_(this, [](Deadline*) {}) {}

void Deadline::set(Duration limit, const char* what) noexcept {
  if (passed_) return;
  at_ = std::chrono::steady_clock::now() + limit;
  what_ = what;
  // A later limit is found when the armed timer fires; only an earlier one needs a new one.
  if (at_ < armed_) arm();
}

void Deadline::clear() noexcept {
  at_ = Instant::max();
  passed_ = false;
}

void Deadline::arm() {
  armed_ = at_;
  timer_.expires_at(armed_);
  timer_.async_wait([weak = std::weak_ptr<Deadline>(alive_)](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (!ec && self) self->fired();
  });
}

void Deadline::fired() {
  armed_ = Instant::max();
  if (at_ == Instant::max()) return;
  if (std::chrono::steady_clock::now() < at_) return arm();
  passed_ = true;
  at_ = Instant::max();
  on_passed_();
}

asio::awaitable<void> elapse(Duration time) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace keep
