#include "downstream/request_reader.hpp"

#include "base/async/write_all.hpp"
#include "downstream/request_target.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace keep {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// A body is given its whole announced room only once it has proved to be a large one.
constexpr std::size_t kTrustedBody = 1 << 20;
constexpr std::size_t kPadding = 64;
// "0\r\n\r\n": of a body that has begun to end Beast takes it for granted that it is given no less.
constexpr std::size_t kLastChunk = 5;
// The larger a body has proved to be, the larger the pieces it is read in.
constexpr std::size_t kLargeBody = 128 << 10;
constexpr std::size_t kBodyReadBytes = 64 << 10, kLargeBodyReadBytes = 256 << 10;

// The value does not follow in the same line: it was put together from several, or begins below.
bool is_folded(boost::beast::string_view name, boost::beast::string_view value) {
  const char* at = name.data() + name.size() + 1;  // behind the colon
  while (*at == ' ' || *at == '\t') ++at;
  return at != value.data();
}

bool is_number(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Beast's parser, filling our own Request. What a body carries besides its bytes (chunk extensions,
// trailers) is read, counted and dropped.
class Parser final : public http::basic_parser<true> {
 public:
  Parser(Request& request, const ReadLimits& limits)
      : request_(request), max_fields_(limits.max_header_bytes), room_(max_fields_) {
    header_limit(static_cast<std::uint32_t>(max_fields_));
    body_limit(limits.max_body_bytes);
    eager(true);
  }
  std::size_t next_read() const noexcept {
    if (request_.body.empty()) return kReadBytes;
    return request_.body.size() < kLargeBody ? kBodyReadBytes : kLargeBodyReadBytes;
  }
  bool framing_ok() const noexcept { return transfer_encodings_ == 0 || framing_ok_; }

 private:
  using View = boost::beast::string_view;

  void on_request_impl(http::verb, View method, View target, int version, error_code& ec) override {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    request_.version = version;
    take(target.size(), ec);
  }
  void on_response_impl(int, View, int, error_code&) override {}
  void on_field_impl(http::field name, View text, View value, error_code& ec) override {
    take(text.size() + value.size() + 4, ec);
    if (is_folded(text, value)) ec = http::error::bad_obs_fold;
    if (head_over_ || ec) return;  // a trailer
    const std::string_view v(value.data(), value.size());
    request_.headers.add({text.data(), text.size()}, v);
    if (name == http::field::content_length && (++lengths_ > 1 || !is_number(v))) {
      ec = http::error::bad_content_length;
    }
    if (name != http::field::transfer_encoding) return;
    framing_ok_ = ++transfer_encodings_ == 1 && equal_ignoring_case(v, "chunked");
  }
  // Beast's own limit is for what has to be seen at once.
  void take(std::size_t bytes, error_code& ec) {
    if (bytes > room_) ec = http::error::header_limit;
    room_ -= std::min(bytes, room_);
  }
  void on_header_impl(error_code& ec) override {
    head_over_ = true;
    room_ = max_fields_;
    const bool bad_version = transfer_encodings_ > 0 && request_.version < 11;
    if (!framing_ok() || bad_version) {
      framing_ok_ = false;
      ec = http::error::bad_transfer_encoding;
    }
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    announced_ = static_cast<std::size_t>(length.value_or(0));
    request_.body.reserve(std::min(announced_, kTrustedBody) + kPadding);
  }
  std::size_t append(View body) {
    if (request_.body.size() + body.size() > kTrustedBody) {
      request_.body.reserve(announced_ + kPadding);
    }
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  std::size_t on_body_impl(View body, error_code&) override { return append(body); }
  void on_chunk_header_impl(std::uint64_t, View extensions, error_code& ec) override {
    take(extensions.size(), ec);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code&) override {
    return append(body);
  }
  void on_finish_impl(error_code&) override {}

  Request& request_;
  std::size_t max_fields_, room_;  // bytes, in all and left: of the head, then of what follows
  bool head_over_ = false;
  std::size_t announced_ = 0;
  int transfer_encodings_ = 0, lengths_ = 0;
  bool framing_ok_ = false;
};

// Of what was read in `incoming`; its status is set.
Error refuse(const error_code& ec, const ReadLimits& limits, IncomingRequest& incoming) {
  if (ec == http::error::body_limit) {
    return Error(Fault::kTooLarge, Side::kDownstream,
                 "request body over " + std::to_string(limits.max_body_bytes) + " bytes");
  }
  if (ec == http::error::header_limit) {
    const bool in_first_line = incoming.request.method.empty();
    incoming.status = in_first_line ? 414 : 431;
    return Error(Fault::kTooLarge, Side::kDownstream,
                 (in_first_line ? "request line over " : "header fields or trailers over ") +
                     std::to_string(limits.max_header_bytes) + " bytes");
  }
  return Error(Fault::kBadRequest, Side::kDownstream, "malformed HTTP request: " + ec.message());
}

Task<> read_more(Peer& peer, std::size_t bytes = kReadBytes) {
  const auto room = peer.input.prepare(bytes);
  auto [ec, count] = co_await peer.socket.async_read_some(room, kToken);
  if (ec) co_return Error(Fault::kGone, Side::kDownstream, "client closed the connection");
  peer.input.commit(count);
  co_return Result<>{};
}

// Feeds what is buffered; true when `done` holds.
template <class Done>
Task<> parse_until(Peer& peer, Parser& parser, const ReadLimits& limits, IncomingRequest& incoming,
                   Done done) {
  bool wants_more = false;
  while (!done()) {
    error_code ec;
    if (peer.input.size() >= (wants_more ? kLastChunk : 1)) {
      const std::size_t used = parser.put(peer.input.data(), ec);
      peer.input.consume(used);
      // What stays behind has to be whole before it is read: a line, or all trailers.
      wants_more = ec == http::error::need_more;
      if (wants_more && peer.input.size() > limits.max_header_bytes) ec = http::error::header_limit;
      if (ec && ec != http::error::need_more) co_return refuse(ec, limits, incoming);
      if (done()) break;
      if (!ec && peer.input.size() > 0) continue;
    }
    const auto more = co_await read_more(peer, parser.next_read());
    if (!more) co_return more.error();
  }
  co_return Result<>{};
}

// Stops behind the head: the checks come before the body.
Task<> read_head(Peer& peer, Parser& parser, const ReadLimits& limits, IncomingRequest& incoming) {
  parser.eager(false);
  const auto done = [&parser] { return parser.is_header_done(); };
  return parse_until(peer, parser, limits, incoming, done);
}

Task<> read_body(Peer& peer, Parser& parser, const ReadLimits& limits, IncomingRequest& incoming) {
  const Request& request = incoming.request;
  const bool knows_interim = request.version >= 11;  // HTTP/1.0 does not
  if (knows_interim && request.headers.has_token("Expect", "100-continue")) {
    std::array go_on{asio::buffer(kContinue)};
    const auto ec = co_await write_all(peer.socket, go_on, peer.write_limit);
    if (ec) co_return Error(Fault::kGone, Side::kDownstream, "client takes nothing");
  }
  parser.eager(true);
  const auto done = [&parser] { return parser.is_done(); };
  co_return co_await parse_until(peer, parser, limits, incoming, done);
}

}  // namespace

Task<> read_request(Peer& peer, const ReadLimits& limits, const WantsBody& wants_body,
                    Deadline& deadline, IncomingRequest& incoming) {
  if (peer.input.size() == 0) {
    deadline.set(limits.idle, "idle");
    const auto first = co_await read_more(peer);
    if (!first) co_return first.error();
  }
  if (peer.state != Peer::State::kReading) peer.enter(Peer::State::kReading);
  Request& request = incoming.request;
  Parser parser(request, limits);
  deadline.set(limits.head, "request head");
  const auto head = co_await read_head(peer, parser, limits, incoming);
  if (!head) co_return head.error();
  incoming.accepted = incoming.received = std::chrono::steady_clock::now();
  request.keep_alive = parser.keep_alive();
  if (!is_served(request.method)) {
    incoming.status = 501;
    co_return Error(Fault::kBadRequest, Side::kDownstream, request.method + " is not served here");
  }
  const auto settled = settle_target(request);
  if (!settled) co_return settled.error();
  if (parser.is_done()) co_return Result<>{};
  if (!wants_body(request)) {
    request.keep_alive = false;
    co_return Result<>{};
  }
  deadline.set(limits.body, "request body");
  const auto body = co_await read_body(peer, parser, limits, incoming);
  if (!body) co_return body.error();
  incoming.received = std::chrono::steady_clock::now();
  co_return Result<>{};
}

}  // namespace keep
