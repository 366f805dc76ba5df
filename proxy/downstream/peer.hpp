// Peer: one client connection, its socket and the bytes read but not yet consumed.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/streambuf.hpp>

#include <cstddef>
#include <utility>

namespace keep {

struct Peer {
  explicit Peer(boost::asio::ip::tcp::socket s) : socket(std::move(s)) {}
  boost::asio::ip::tcp::socket socket;
  boost::asio::streambuf input;
  bool idle = true;  // between requests: may be closed without harm
};

inline constexpr std::size_t kReadBytes = 16 << 10;

}  // namespace keep
