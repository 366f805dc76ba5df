// Peer: one client connection, its socket and the bytes read but not yet consumed.
#pragma once

#include "base/time/clock.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/streambuf.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace keep {

inline constexpr std::size_t kReadBytes = 16 << 10;

struct Peer {
  enum class State {
    kIdle,     // nothing of a next request has come: may be closed without harm
    kReading,  // a request is on its way, its head or its body
    kServed,   // one is worked at that may be: no reply of ours is on its way to the client
  };

  explicit Peer(boost::asio::ip::tcp::socket s) : socket(std::move(s)) {}
  void enter(State next) noexcept {
    if (next == State::kServed) answered_here = false;
    if (!answered_here) since = std::chrono::steady_clock::now();
    state = next;
  }
  // A reply of our own is all there is now. Taking such replies again and again is no reason to
  // keep a place, nor is taking none.
  void answer_here() noexcept {
    enter(State::kReading);
    answered_here = true;
  }
  // Gives back what a large body has made the buffer grow to.
  void shrink() {
    if (input.size() > 0 || input.capacity() <= 2 * kReadBytes) return;
    std::destroy_at(&input);
    std::construct_at(&input);
  }

  boost::asio::ip::tcp::socket socket;
  boost::asio::streambuf input;
  State state = State::kIdle;
  Instant since = std::chrono::steady_clock::now();  // in that state, or answered here
  bool answered_here = false;                        // since it was last served
  Duration write_limit = std::chrono::seconds(30);   // for taking nothing of what is written
};

}  // namespace keep
