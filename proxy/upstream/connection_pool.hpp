// ConnectionPool: idle keep-alive connections to one llama-server, newest first.
//
// Idle ones are dropped after max_idle (llama-server closes at 5 s); a dead one is noticed by a
// peek before reuse. "Full": beyond max_idle_connections a returned connection is closed. Loop
// thread only.
#pragma once

#include "base/time/clock.hpp"
#include "upstream/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>

namespace keep {

class ConnectionPool {
 public:
  ConnectionPool(asio::io_context& loop, const Clock& clock, UpstreamAddress address)
      : loop_(loop), clock_(clock), address_(std::move(address)) {}

  // An idle connection that looks alive, or nullptr.
  std::unique_ptr<UpstreamConnection> take_idle();
  // A new one. Fault::kTimeout after `limit`.
  Task<std::unique_ptr<UpstreamConnection>> connect(Duration limit);
  void give_back(std::unique_ptr<UpstreamConnection> connection);
  void clear() { idle_.clear(); }

  const UpstreamAddress& address() const noexcept { return address_; }

 private:
  static constexpr std::chrono::seconds kMaxIdle{4};
  static constexpr std::size_t kMaxIdleConnections = 256;
  struct Idle {
    std::unique_ptr<UpstreamConnection> connection;
    Instant since;
  };
  asio::io_context& loop_;
  const Clock& clock_;
  UpstreamAddress address_;
  std::deque<Idle> idle_;  // oldest in front
};

}  // namespace keep
