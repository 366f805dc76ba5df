#include "downstream/guard.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace keep {

Guard::Guard(Peer& peer, asio::cancellation_signal& stop)
    : peer_(peer),
      stop_(stop),
      deadline_(peer.socket.get_executor(), [this] { cut(); }),
      alive_(this, [](Guard*) {}) {}

asio::awaitable<bool> Guard::run(asio::awaitable<void> work) {
  co_await asio::this_coro::throw_if_cancelled(true);
  deadline_.clear();
  running_ = true;
  std::exception_ptr failure;
  try {
    co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  running_ = watching_ = false;
  const auto state = co_await asio::this_coro::cancellation_state;
  const bool cancelled = state.cancelled() != asio::cancellation_type::none;
  co_await asio::this_coro::reset_cancellation_state();
  co_await asio::this_coro::throw_if_cancelled(false);
  // What a wait that was cut short throws is no news.
  if (failure && !cancelled) std::rethrow_exception(failure);
  co_return !cancelled;
}

asio::awaitable<bool> Guard::run_watched(asio::awaitable<void> work) {
  watching_ = true;
  watch();
  return run(std::move(work));
}

void Guard::cut() {
  if (running_) stop_.emit(asio::cancellation_type::terminal);
}

void Guard::watch() {
  if (pending_) return;
  pending_ = true;
  const std::weak_ptr<Guard> weak = alive_;
  peer_.socket.async_wait(asio::ip::tcp::socket::wait_read,
                          [weak](const boost::system::error_code& ec) {
                            const auto self = weak.lock();
                            if (!self) return;
                            self->pending_ = false;
                            if (!ec && self->watching_) self->on_readable();
                          });
}

void Guard::on_readable() {
  while (peer_.input.size() < kMaxStray) {
    const auto room = peer_.input.prepare(kMaxStray - peer_.input.size());
    const auto got = ::recv(peer_.socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (got > 0) {
      peer_.input.commit(static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return watch();
    break;
  }
  gone_ = true;
  cut();
}

}  // namespace keep
