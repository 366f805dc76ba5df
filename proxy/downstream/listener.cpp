#include "downstream/listener.hpp"

#include "base/log.hpp"
#include "exchange/http/local_reply.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace keep {

namespace {

using asio::ip::tcp;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

// For a client to send its request, or the rest of one, before it has to make room.
constexpr std::chrono::milliseconds kGrace{100};
constexpr std::size_t kAtOnce = 64;  // clients let in by one turn of the loop
constexpr std::chrono::minutes kSayAgain{1};
constexpr std::size_t kMaxSaid = 128;  // of what a client sent, in the log
// Of a body that nobody wants, for a client to finish and see why.
constexpr std::chrono::seconds kDrainTime{1};
constexpr std::size_t kDrainBytes = 16 << 20;

asio::awaitable<void> drain_input(Peer& peer, Deadline& deadline) {
  deadline.set(kDrainTime, "close");
  for (std::size_t drained = 0; drained < kDrainBytes;) {
    peer.input.consume(peer.input.size());
    const auto room = peer.input.prepare(kReadBytes);
    auto [ec, count] = co_await peer.socket.async_read_some(room, kToken);
    if (ec) co_return;
    drained += count;
  }
}

// Closes without losing the tail of the answer: a close with unread input would send a reset.
asio::awaitable<void> close_gently(Peer& peer, Guard& guard) {
  boost::system::error_code ignored;
  peer.socket.shutdown(tcp::socket::shutdown_send, ignored);
  peer.enter(Peer::State::kReading);
  auto reading = drain_input(peer, guard.deadline());
  co_await guard.run(std::move(reading));
  peer.socket.close(ignored);
}

asio::awaitable<void> read_into(Peer& peer, const ReadLimits& limits, const WantsBody& wants_body,
                                Deadline& deadline, IncomingRequest& incoming,
                                std::optional<Result<>>& result) {
  result = co_await read_request(peer, limits, wants_body, deadline, incoming);
}

// `incoming` is what was read of it.
asio::awaitable<void> send_error(Peer& peer, const IncomingRequest& incoming,
                                 const CorsPolicy& cors, const Error& error) {
  const Request& request = incoming.request;
  ResponseWriter writer(peer, request, true, cors);
  LocalReply reply = *to_reply(error, request.target);
  if (incoming.status != 0) reply.status = incoming.status;
  const Headers none;
  co_await writer.reply(reply, none);
}

// The handler has thrown: an invariant is broken. The client is told, where it can be, and let go.
asio::awaitable<void> send_failure(ResponseWriter& writer, const std::string& target,
                                   const std::string& what) {
  log::error("request failed", {{"what", what}});
  writer.abandon();
  if (writer.begun()) co_return;
  const Error error(Fault::kInternal, Side::kInternal, what);
  const Reply reply = to_reply(error, target);
  const Headers none;
  co_await writer.reply(*reply, none);
}

}  // namespace

// Of a connection among the peers, for as long as it is served, however that ends.
class Listener::Place {
 public:
  Place(Listener& listener, Peer& peer) : listener_(listener.alive_), peer_(peer) {
    listener.peers_.insert(&peer);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    const auto listener = listener_.lock();
    if (!listener) return;
    listener->peers_.erase(&peer_);
    listener->room_.cancel();
  }

 private:
  std::weak_ptr<Listener> listener_;
  Peer& peer_;
};

Listener::Listener(asio::io_context& loop, Spawner& spawner, ListenerSettings settings,
                   RequestHandler& handler)
    : spawner_(spawner),
      settings_(std::move(settings)),
      handler_(handler),
      acceptor_(loop),
      room_(loop) {}

Result<> Listener::open() {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(settings_.host, ec);
  const tcp::endpoint endpoint(address, settings_.port);
  if (!ec) acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) acceptor_.non_blocking(true, ec);
  if (ec) {
    return Error(Fault::kRefused, Side::kInternal,
                 "cannot listen on " + settings_.host + ":" + std::to_string(settings_.port) +
                     ": " + ec.message() + "; --listen names another address");
  }
  spawner_.spawn("accept", accept_loop());
  return {};
}

unsigned short Listener::port() const { return acceptor_.local_endpoint().port(); }

asio::awaitable<void> Listener::accept_loop() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (acceptor_.is_open()) {
    if (peers_.size() >= settings_.max_connections) {
      co_await make_room();
      continue;
    }
    auto [ec, socket] = co_await acceptor_.async_accept(kToken);
    if (ec == asio::error::operation_aborted) co_return;
    if (ec) {  // out of descriptors, most likely: do not spin
      log::warn("accept failed", {{"why", ec.message()}});
      room_.expires_after(std::chrono::milliseconds(100));
      co_await room_.async_wait(kToken);
      continue;
    }
    admit(std::move(socket));
    admit_more();
  }
}

// Whoever else waits comes in with the first: a turn of the loop is long where there are many
// streams.
void Listener::admit_more() {
  const std::size_t room = settings_.max_connections - peers_.size();
  for (std::size_t more = 1; more < std::min(room, kAtOnce); ++more) {
    boost::system::error_code ec;
    tcp::socket socket(acceptor_.get_executor());
    acceptor_.accept(socket, ec);
    if (ec) return;  // nobody, most likely; anything else is told by the next wait
    admit(std::move(socket));
  }
}

void Listener::admit(tcp::socket socket) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  auto start = [this, &socket](asio::cancellation_signal& stop) {
    return serve(std::move(socket), stop);
  };
  spawner_.spawn_with_signal("connection", start);
}

// Once somebody waits to be let in.
asio::awaitable<void> Listener::make_room() {
  const auto [ec] = co_await acceptor_.async_wait(tcp::acceptor::wait_read, kToken);
  if (ec || peers_.size() < settings_.max_connections) co_return;
  boost::system::error_code ignored;
  if (Peer* peer = least_needed()) peer->socket.close(ignored);
  room_.expires_after(kGrace);
  co_await room_.async_wait(kToken);
}

Peer* Listener::least_needed() const {
  const Instant settled = std::chrono::steady_clock::now() - kGrace;
  const auto rank = [](const Peer& p) { return std::tie(p.state, p.since); };
  Peer* least = nullptr;
  for (Peer* peer : peers_) {
    const bool served = peer->state == Peer::State::kServed;
    if (served || peer->since > settled || !peer->socket.is_open()) continue;
    if (!least || rank(*peer) < rank(*least)) least = peer;
  }
  return least;
}

asio::awaitable<void> Listener::serve(tcp::socket socket, asio::cancellation_signal& stop) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Peer peer(std::move(socket));
  peer.write_limit = settings_.write;
  Guard guard(peer, stop);
  const Place place(*this, peer);
  bool more = true;
  while (more && !draining_) {
    more = co_await serve_one(peer, guard);
    // What was sent ahead has been read already: others come first.
    if (peer.state != Peer::State::kIdle) co_await asio::post(peer.socket.get_executor(), kToken);
  }
  if (peer.socket.is_open()) co_await close_gently(peer, guard);
}

asio::awaitable<bool> Listener::serve_one(Peer& peer, Guard& guard) {
  IncomingRequest incoming;
  std::optional<Result<>> read;
  Deadline& deadline = guard.deadline();
  std::optional<Reply> refusal;
  const auto refuse = [this, &refusal](const Request& head) {
    if (!refusal) refusal = settings_.pages.refuse(head);
    return *refusal;
  };
  const WantsBody wants_body = [this, &refuse](const Request& head) {
    return head.method != "OPTIONS" && !refuse(head) && handler_.wants_body(head);
  };
  auto reading = read_into(peer, settings_.limits, wants_body, deadline, incoming, read);
  co_await guard.run(std::move(reading));
  const bool idle = peer.state == Peer::State::kIdle;
  if (deadline.passed() && !idle && (!read || !*read)) {
    read = Error(Fault::kTimeout, Side::kDownstream,
                 std::string("no complete ") + deadline.what() + " in time");
  }
  if (!read || idle) co_return false;
  if (!*read) {
    const Error& error = read->error();
    if (error.fault != Fault::kGone) {
      co_await send_error(peer, incoming, settings_.cors, error);
    }
    co_return false;
  }
  ResponseWriter writer(peer, incoming.request, draining_, settings_.cors);
  const Headers none;
  if (incoming.request.method == "OPTIONS") {
    const Reply reply = settings_.cors.preflight(incoming.request);
    co_await writer.reply(*reply, none);
  } else if (refuse(incoming.request)) {
    say_refused(incoming.request);
    const Reply page_reply = *refusal;
    co_await writer.reply(*page_reply, none);
  } else {
    const std::string target = incoming.request.target;
    std::optional<std::string> failure;
    try {
      co_await handler_.handle(std::move(incoming), writer, guard);
    } catch (const std::exception& e) {
      failure = e.what();
    }
    if (failure) co_await send_failure(writer, target, *failure);
  }
  peer.shrink();
  peer.enter(peer.input.size() == 0 ? Peer::State::kIdle : Peer::State::kReading);
  co_return writer.reusable() && !guard.client_gone();
}

// Whoever has put a proxy in front looks here for the reason; a page could ask without end.
void Listener::say_refused(const Request& request) {
  const Instant now = std::chrono::steady_clock::now();
  if (refused_ != Instant{} && now - refused_ < kSayAgain) return;
  refused_ = now;
  log::warn("refused: a request of a web page, or under a foreign name",
            {{"host", request.headers.find("Host").value_or("").substr(0, kMaxSaid)},
             {"origin", origin_of(request).substr(0, kMaxSaid)},
             {"advice", "listen.cors_origins names the sites that may call"}});
}

void Listener::drain() {
  draining_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  room_.cancel();
  for (Peer* peer : peers_) {
    if (peer->state == Peer::State::kIdle) peer->socket.cancel(ignored);
  }
}

void Listener::close_all() {
  boost::system::error_code ignored;
  for (Peer* peer : peers_) peer->socket.close(ignored);
}

}  // namespace keep
