#include "upstream/http_client.hpp"

#include "base/async/deadline.hpp"
#include "base/async/write_all.hpp"
#include "base/text/url.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

namespace keep {

namespace {

namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::uint32_t kMaxHeadBytes = 64 << 10;
constexpr int kMaxInterim = 100;  // heads before the one that counts
// "0\r\n\r\n": of a body that has begun to end Beast takes it for granted that it is given no less.
constexpr std::size_t kLastChunk = 5;

// Beast's parser, filling our own head and gathering the de-chunked body bytes of one read. Chunk
// extensions and trailers are read, counted and dropped.
class Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(bool head_request) {
    header_limit(kMaxHeadBytes);
    body_limit(boost::none);  // a long answer is not an error
    eager(true);
    skip(head_request);
  }
  ResponseHead head;
  std::string piece;
  bool keep_alive_at_head = false;  // trailers have no say in it

 private:
  using View = boost::beast::string_view;
  void on_request_impl(http::verb, View, View, int, error_code&) override {}
  // Beast's own limit is for what has to be seen at once.
  void take(std::size_t bytes, error_code& ec) {
    if (bytes > room_) ec = http::error::header_limit;
    room_ -= std::min(bytes, room_);
  }
  void on_response_impl(int code, View reason, int, error_code&) override {
    head.status = code;
    head.reason.assign(reason.data(), reason.size());
  }
  void on_field_impl(http::field, View name, View value, error_code& ec) override {
    take(name.size() + value.size() + 4, ec);
    if (head_over_ || ec) return;  // a trailer
    head.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code&) override {
    head_over_ = true;
    room_ = kMaxHeadBytes;
    keep_alive_at_head = keep_alive();
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View body, error_code&) override {
    piece.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, View extensions, error_code& ec) override {
    take(extensions.size(), ec);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t room_ = kMaxHeadBytes;  // bytes left: of the head, then of what follows
  bool head_over_ = false;
};

Error to_error(const error_code& ec, const char* what) {
  if (ec == asio::error::operation_aborted) {
    return Error(Fault::kCancelled, Side::kUpstream, std::string(what) + " cancelled");
  }
  if (ec == asio::error::timed_out) {
    return Error(Fault::kTimeout, Side::kUpstream, std::string(what) + " took too long");
  }
  if (ec == asio::error::connection_refused) {
    return Error(Fault::kRefused, Side::kUpstream, "nobody listens at the upstream address");
  }
  if (ec == asio::error::eof || ec == asio::error::connection_reset ||
      ec == asio::error::broken_pipe || ec == http::error::partial_message) {
    return Error(Fault::kGone, Side::kUpstream, "upstream closed the connection");
  }
  return Error(Fault::kProtocol, Side::kUpstream, std::string(what) + ": " + ec.message());
}

}  // namespace

struct UpstreamConnection::State {
  std::optional<Parser> parser;
  asio::streambuf input;
  std::string handed_out;   // the caller's view of the last piece
  bool fresh = true;        // no byte of the current response has come
  bool wants_more = false;  // what `input` has is not enough to go on
  int interim = 0;          // heads of the current response that were passed over

  error_code parse();
  error_code parse_head(bool head_request);
};

// Shows the parser what has come; need_more is no error.
error_code UpstreamConnection::State::parse() {
  if (input.size() < (wants_more ? kLastChunk : 1)) return http::error::need_more;
  error_code ec;
  input.consume(parser->put(input.data(), ec));
  wants_more = ec == http::error::need_more;
  // What stays behind has to be whole before it is read: a line, or all trailers.
  if (wants_more && input.size() > kMaxHeadBytes) ec = http::error::header_limit;
  return ec;
}

// Interim answers (100, 102, 103) are for us alone: they are passed over. Nobody asked to switch
// protocols.
error_code UpstreamConnection::State::parse_head(bool head_request) {
  for (;;) {
    const error_code ec = parse();
    if (ec || !parser->is_header_done() || parser->head.status >= 200) return ec;
    if (parser->head.status == 101) return http::error::bad_status;
    if (++interim > kMaxInterim) return http::error::header_limit;
    parser.emplace(head_request);
  }
}

Result<UpstreamAddress> resolve_upstream(const std::string& text) {
  const auto bad = [&text](const std::string& why) {
    return Error(Fault::kBadRequest, Side::kInternal, "upstream '" + text + "': " + why);
  };
  const auto parsed = url::parse(text);
  if (!parsed || parsed->scheme != "http")
    return bad("must start with http://, and go on with host:port");
  const url::Authority& authority = parsed->authority;
  UpstreamAddress address;
  address.host = authority.host;
  asio::io_context context;
  tcp::resolver resolver(context);
  error_code ec;
  const std::string_view port = authority.port.empty() ? "80" : authority.port;
  const auto found = resolver.resolve(authority.address(), port, ec);
  if (ec || found.empty()) return bad("cannot be resolved: " + ec.message());
  address.endpoint = found.begin()->endpoint();
  return address;
}

UpstreamConnection::UpstreamConnection(asio::io_context& loop)
    : socket_(loop), state_(std::make_unique<State>()) {}
UpstreamConnection::~UpstreamConnection() = default;

Task<> UpstreamConnection::connect(const tcp::endpoint& endpoint, Duration limit) {
  Deadline deadline(socket_.get_executor(), [this] {
    error_code ignored;
    socket_.cancel(ignored);
  });
  deadline.set(limit, "connect");
  auto [ec] = co_await socket_.async_connect(endpoint, kToken);
  if (ec && deadline.passed()) ec = asio::error::timed_out;
  if (ec) co_return to_error(ec, "connect");
  socket_.set_option(tcp::no_delay(true), ec);
  socket_.non_blocking(true, ec);
  co_return Result<>{};
}

Task<> UpstreamConnection::send(std::string_view head, std::span<const std::string_view> body,
                                Duration limit) {
  ++exchanges_;
  state_->fresh = true;
  std::vector<asio::const_buffer> buffers{asio::buffer(head.data(), head.size())};
  buffers.reserve(1 + body.size());
  for (const std::string_view piece : body) buffers.emplace_back(piece.data(), piece.size());
  const auto ec = co_await write_all(socket_, buffers, limit);
  if (ec) co_return to_error(ec, "send");
  co_return Result<>{};
}

Task<ResponseHead> UpstreamConnection::read_head(bool head_request) {
  State& s = *state_;
  s.parser.emplace(head_request);
  s.wants_more = false;
  s.interim = 0;
  while (!s.parser->is_header_done()) {
    const auto room = s.input.prepare(kReadBytes);
    auto [ec, count] = co_await socket_.async_read_some(room, kToken);
    if (ec) {
      Error error = to_error(ec, "read");
      if (!s.fresh && error.fault == Fault::kGone) error.fault = Fault::kProtocol;
      co_return error;
    }
    s.fresh = false;
    s.input.commit(count);
    ec = s.parse_head(head_request);
    if (ec && ec != http::error::need_more) co_return to_error(ec, "response head");
  }
  ResponseHead head = std::move(s.parser->head);
  if (const auto length = s.parser->content_length()) head.content_length = *length;
  co_return head;
}

Task<std::string_view> UpstreamConnection::read_some() {
  State& s = *state_;
  std::string& piece = s.parser->piece;
  s.handed_out.clear();
  for (;;) {
    error_code ec;
    if (!s.parser->is_done()) ec = s.parse();
    if (ec && ec != http::error::need_more) co_return to_error(ec, "response body");
    if (!piece.empty() || s.parser->is_done()) break;
    const auto room = s.input.prepare(kReadBytes);
    auto [read_ec, count] = co_await socket_.async_read_some(room, kToken);
    if (read_ec == asio::error::eof) {
      ec = {};
      s.parser->put_eof(ec);
      if (ec) co_return to_error(ec, "response body");
      continue;
    }
    if (read_ec) co_return to_error(read_ec, "read");
    s.input.commit(count);
  }
  s.handed_out.swap(piece);
  co_return std::string_view(s.handed_out);
}

bool UpstreamConnection::reusable() const noexcept {
  return state_->parser && state_->parser->is_done() && state_->parser->keep_alive_at_head &&
         state_->input.size() == 0;
}

bool UpstreamConnection::alive() noexcept {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string request_head(std::string_view method, std::string_view target,
                         std::string_view authority, const Headers& headers,
                         std::size_t body_bytes) {
  std::string head;
  head.reserve(512);
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  head.append("Host: ").append(authority).append("\r\n");
  for (const Header& h : headers) {
    if (equal_ignoring_case(h.name, "Host") || equal_ignoring_case(h.name, "Content-Length")) {
      continue;
    }
    head.append(h.name).append(": ").append(h.value).append("\r\n");
  }
  if (body_bytes > 0 || (method != "GET" && method != "HEAD")) {
    head.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
  }
  return head.append("\r\n");
}

}  // namespace keep
