// UpstreamConnection: one HTTP/1.1 connection to llama-server. Pieces of a streamed body are
// handed out as they come. Closing it is how a generation is aborted. Loop thread only.
#pragma once

#include "base/result.hpp"
#include "base/time/clock.hpp"
#include "exchange/http/http_message.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace keep {

// http://host:port, host an address or a name resolved once at start.
struct UpstreamAddress {
  std::string host;  // as written, for the Host header
  asio::ip::tcp::endpoint endpoint;
  std::string authority() const { return host + ":" + std::to_string(endpoint.port()); }
};

// Blocking name look-up: start-up only.
Result<UpstreamAddress> resolve_upstream(const std::string& text);

class UpstreamConnection {
 public:
  explicit UpstreamConnection(asio::io_context& loop);
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;

  // Fault::kTimeout after `limit`: the peer, or what is in between, drops what we send.
  Task<> connect(const asio::ip::tcp::endpoint& endpoint, Duration limit);
  // `head`: request line and headers with the closing blank line. `body`: in pieces.
  // Fault::kTimeout when the peer takes nothing of them for `limit`.
  Task<> send(std::string_view head, std::span<const std::string_view> body, Duration limit);
  // Fault::kGone when the peer closed before a single byte: a reused connection may be retried.
  Task<ResponseHead> read_head(bool head_request);
  // The next bytes of the body, de-chunked; empty at its end. Valid until the next call.
  Task<std::string_view> read_some();

  bool reused() const noexcept { return exchanges_ > 1; }
  // The response was read to its end and the peer keeps the connection.
  bool reusable() const noexcept;
  // Peeks at the socket: false when the peer has closed it or sent unasked bytes.
  bool alive() noexcept;

 private:
  struct State;  // parser and buffers
  asio::ip::tcp::socket socket_;
  std::unique_ptr<State> state_;
  int exchanges_ = 0;
};

// "POST /path HTTP/1.1" and headers. Hop-by-hop fields must be gone already; Host and
// Content-Length are set here (no length for bodiless GET and HEAD).
std::string request_head(std::string_view method, std::string_view target,
                         std::string_view authority, const Headers& headers,
                         std::size_t body_bytes);

}  // namespace keep
