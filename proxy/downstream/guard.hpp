// Guard: what ends the work for a client from outside: its deadline passes, the client leaves, or
// the program stops.
//
// One per connection, and nothing runs beside the work: the signal that cancels the connection's
// coroutine cancels the wait it is in. A request arms next to nothing, because the timer stays
// armed and the wait for the client to leave stays pending from one request to the next.
//
// A client that leaves is invisible to writes, so its socket is watched. Bytes that come (a
// pipelined request) are kept for later, at most kMaxStray: behind more its end could not be seen,
// so it counts as gone. A client that closes its sending side only counts as gone. Loop thread
// only.
#pragma once

#include "base/async/deadline.hpp"
#include "base/result.hpp"
#include "downstream/peer.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <memory>

namespace keep {

class Guard {
 public:
  static constexpr std::size_t kMaxStray = 64 << 10;

  // `stop` cancels the coroutine that all work runs in.
  Guard(Peer& peer, asio::cancellation_signal& stop);

  // Runs `work`, which sets the deadline; there is none at first. False: it was cut short, at the
  // wait it was in or the next one, as the operation's error or by an exception. The coroutine can
  // wait again then.
  asio::awaitable<bool> run(asio::awaitable<void> work);
  // The same, and the client leaving cuts it short, too.
  asio::awaitable<bool> run_watched(asio::awaitable<void> work);

  Deadline& deadline() noexcept { return deadline_; }
  bool client_gone() const noexcept { return gone_; }

 private:
  void cut();
  void watch();
  void on_readable();

  Peer& peer_;
  asio::cancellation_signal& stop_;
  Deadline deadline_;
  bool running_ = false;
  bool watching_ = false;
  bool pending_ = false;  // the socket's wait
  bool gone_ = false;
  std::shared_ptr<Guard> alive_;  // what the wait's handler asks before it touches us
};

}  // namespace keep
