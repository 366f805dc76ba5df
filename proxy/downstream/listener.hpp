// Listener: accepts clients and serves their requests one after the other, per connection.
//
// "Full": at max_connections whoever comes next takes the place of the connection that has been
// silent for longest between requests; where none is, of the one whose request, head or body, has
// been on its way for longest, or who is given replies of ours (errors, health). Nobody loses it
// whose request the handler has let in (ResponseWriter::hold_place): while all are, accepting
// pauses and the kernel's backlog holds the rest. Loop thread only.
#pragma once

#include "base/async/pools.hpp"
#include "base/result.hpp"
#include "downstream/guard.hpp"
#include "downstream/page_guard.hpp"
#include "downstream/peer.hpp"
#include "downstream/request_reader.hpp"
#include "downstream/response_writer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>

namespace keep {

// What is done with a request. Returns when the response is complete or given up.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // False: the head alone decides about the answer, so that no body is read before it.
  virtual bool wants_body(const Request& head) const = 0;
  virtual asio::awaitable<void> handle(IncomingRequest incoming, ResponseWriter& writer,
                                       Guard& guard) = 0;
};

struct ListenerSettings {
  std::string host;
  unsigned short port = 0;
  std::size_t max_connections = 1024;
  ReadLimits limits;
  Duration write{};  // a client that takes nothing for so long is given up
  CorsPolicy cors;
  PageGuard pages;
};

class Listener {
 public:
  Listener(asio::io_context& loop, Spawner& spawner, ListenerSettings settings,
           RequestHandler& handler);

  Result<> open();  // binds and starts to accept
  unsigned short port() const;
  std::size_t connections() const noexcept { return peers_.size(); }

  void drain();      // no new connections, idle ones close, answers say Connection: close
  void close_all();  // cuts what is left

 private:
  asio::awaitable<void> accept_loop();
  void admit_more();
  void admit(asio::ip::tcp::socket socket);
  asio::awaitable<void> make_room();
  Peer* least_needed() const;  // nullptr: all are
  asio::awaitable<void> serve(asio::ip::tcp::socket socket, asio::cancellation_signal& stop);
  void say_refused(const Request& request);
  asio::awaitable<bool> serve_one(Peer& peer, Guard& guard);  // false: close the connection
  class Place;

  Spawner& spawner_;
  ListenerSettings settings_;
  RequestHandler& handler_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer room_;  // woken when a connection ends
  std::unordered_set<Peer*> peers_;
  Instant refused_{};  // when that was last said
  bool draining_ = false;
  std::shared_ptr<Listener> alive_{this, [](Listener*) {}};  // what a place asks when it is left
};

}  // namespace keep
