#include "base/deadline.hpp"

namespace keep {

void Deadline::set(Duration limit, const char* what) noexcept {
  at_ = std::chrono::steady_clock::now() + limit;
  what_ = what;
  // A later limit is found when the armed timer fires; only an earlier one must wake the guard.
  if (at_ < armed_) timer_.cancel();
}

asio::awaitable<void> Deadline::passed() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    armed_ = at_;
    timer_.expires_at(armed_);
    co_await timer_.async_wait(token);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    if (expired()) co_return;
  }
}

}  // namespace keep
