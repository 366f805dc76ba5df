#include "downstream/response_writer.hpp"

#include "base/async/write_all.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <charconv>

namespace keep {

namespace {

bool is_framing(std::string_view name) noexcept {
  return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Connection") ||
         equal_ignoring_case(name, "Transfer-Encoding") || equal_ignoring_case(name, "Keep-Alive");
}

// The line before a chunk.
std::string_view size_line(std::array<char, 20>& room, std::size_t bytes) noexcept {
  char* const end = std::to_chars(room.data(), room.data() + 16, bytes, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  return {room.data(), static_cast<std::size_t>(end + 2 - room.data())};
}

}  // namespace

ResponseWriter::ResponseWriter(Peer& peer, const Request& request, bool last,
                               const CorsPolicy& cors)
    : peer_(peer),
      cors_(cors),
      origin_(origin_of(request)),
      http10_(request.version < 11),
      head_only_(request.method == "HEAD"),
      last_(last || !request.keep_alive) {}

void ResponseWriter::begin(int status, std::string_view reason, const Headers& headers,
                           std::optional<std::uint64_t> content_length) {
  begun_ = true;
  status_ = status;
  const bool bodiless = status == 204 || status == 304;
  chunked_ = !content_length && !http10_ && !bodiless;
  if (!content_length && http10_) last_ = true;
  head_.reserve(512);
  head_.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  head_.append(reason).append("\r\n");
  for (const Header& h : headers) {
    if (is_framing(h.name)) continue;
    head_.append(h.name).append(": ").append(h.value).append("\r\n");
  }
  head_.append(cors_.fields(origin_, headers));
  if (chunked_) head_.append("Transfer-Encoding: chunked\r\n");
  if (content_length && !bodiless) {
    head_.append("Content-Length: ").append(std::to_string(*content_length)).append("\r\n");
  }
  if (last_) {
    head_.append("Connection: close\r\n");
  } else if (http10_) {
    head_.append("Connection: keep-alive\r\n");
  }
  head_.append("\r\n");
}

Task<> ResponseWriter::send(std::string_view a, std::string_view b, std::string_view c) {
  if (head_.empty() && a.empty()) co_return Result<>{};
  std::array<asio::const_buffer, 4> buffers{asio::buffer(head_), asio::buffer(a.data(), a.size()),
                                            asio::buffer(b.data(), b.size()),
                                            asio::buffer(c.data(), c.size())};
  writing_ = true;
  const auto ec = co_await write_all(peer_.socket, buffers, peer_.write_limit);
  if (ec == asio::error::operation_aborted) {
    co_return Error(Fault::kCancelled, Side::kDownstream, "write cancelled");
  }
  if (ec == asio::error::timed_out) {
    co_return Error(Fault::kTimeout, Side::kDownstream, "client takes nothing of its answer");
  }
  if (ec) co_return Error(Fault::kGone, Side::kDownstream, "client left: " + ec.message());
  writing_ = behind_ = false;
  head_.clear();
  last_sent_ = std::chrono::steady_clock::now();
  co_return Result<>{};
}

bool ResponseWriter::try_write(std::string_view bytes) {
  std::array<char, 20> room{};
  if (!behind_ && chunked_) {
    head_.append(size_line(room, bytes.size())).append(bytes).append("\r\n");
  } else if (!behind_) {
    head_.append(bytes);
  }
  boost::system::error_code ec;  // an error will end the next write
  head_.erase(0, peer_.socket.write_some(asio::buffer(head_), ec));
  behind_ = !head_.empty();
  if (!behind_) last_sent_ = std::chrono::steady_clock::now();
  return !behind_;
}

Task<> ResponseWriter::write(std::string_view bytes) {
  if (bytes.empty() || head_only_) return flush();
  return chunked_ ? send_chunk(bytes, "\r\n") : send(bytes);
}

Task<> ResponseWriter::send_chunk(std::string_view bytes, std::string_view tail) {
  return send(size_line(size_line_, bytes.size()), bytes, tail);
}

Task<> ResponseWriter::flush() { return send({}); }

Task<> ResponseWriter::finish(std::string_view last) {
  Result<> sent;
  if (!chunked_ || head_only_) {
    sent = co_await write(last);
  } else if (last.empty()) {
    sent = co_await send("0\r\n\r\n");
  } else {
    sent = co_await send_chunk(last, "\r\n0\r\n\r\n");
  }
  finished_ = sent.has_value();
  co_return sent;
}

Task<> ResponseWriter::reply(const LocalReply& reply, const Headers& extra) {
  peer_.answer_here();
  Headers headers;
  const auto add_own = [&](std::string_view name, std::string_view value) {
    if (!extra.find(name)) headers.add(name, value);
  };
  for (const Header& h : reply.headers) add_own(h.name, h.value);
  if (!reply.content_type.empty()) add_own("Content-Type", reply.content_type);
  for (const Header& h : extra) headers.add(h.name, h.value);
  begin(reply.status, reason_phrase(reply.status), headers, reply.body.size());
  Result<> sent = co_await write(reply.body);
  finished_ = sent.has_value();
  co_return sent;
}

}  // namespace keep
