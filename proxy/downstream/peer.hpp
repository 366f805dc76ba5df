// Peer: one client connection, its socket and the bytes read but not yet consumed.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/streambuf.hpp>

#include <chrono>
#include <cstddef>
#include <utility>

namespace keep {

struct Peer {
  explicit Peer(boost::asio::ip::tcp::socket s) : socket(std::move(s)) {}
  boost::asio::ip::tcp::socket socket;
  boost::asio::streambuf input;
  bool idle = true;  // between requests: may be closed without harm
  // No whole head has come since: may be closed when somebody else needs the room.
  bool waiting = true;
  Instant since = std::chrono::steady_clock::now();
  bool heard = false;                               // a whole head has come at some time
  Duration write_limit = std::chrono::seconds(30);  // for taking nothing of what is written
};

inline constexpr std::size_t kReadBytes = 16 << 10;

}  // namespace keep
