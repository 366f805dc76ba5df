// ClientWatch: notices that the client has left while its exchange runs.
//
// A client that leaves is invisible to writes, so a read is kept pending. Bytes that come (a
// pipelined request) are kept for later, at most kMaxStray; beyond that reading stops. A client
// that closes its sending side only counts as gone.
#pragma once

#include "base/result.hpp"
#include "downstream/peer.hpp"

#include <cstddef>

namespace keep {

class ClientWatch {
 public:
  static constexpr std::size_t kMaxStray = 4 << 10;
  explicit ClientWatch(Peer& peer) : peer_(peer) {}

  // Ends when the client is gone, or when cancelled: the socket stays usable then.
  asio::awaitable<void> gone();
  bool is_gone() const noexcept { return gone_; }

 private:
  Peer& peer_;
  bool gone_ = false;
};

}  // namespace keep
