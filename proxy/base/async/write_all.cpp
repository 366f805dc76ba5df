#include "base/async/write_all.hpp"

#include "base/async/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>

namespace keep {

namespace {

// Without the bytes that are written, and without buffers that are empty.
std::span<asio::const_buffer> without(std::span<asio::const_buffer> rest, std::size_t written) {
  while (!rest.empty()) {
    const std::size_t part = std::min(written, rest.front().size());
    rest.front() += part;
    written -= part;
    if (rest.front().size() > 0) break;
    rest = rest.subspan(1);
  }
  return rest;
}

// Until the peer takes more, at most `limit`.
asio::awaitable<boost::system::error_code> writable(asio::ip::tcp::socket& socket, Duration limit) {
  Deadline deadline(socket.get_executor(), [&socket] {
    boost::system::error_code ignored;
    socket.cancel(ignored);
  });
  deadline.set(limit, "write");
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  auto [ec] = co_await socket.async_wait(asio::ip::tcp::socket::wait_write, token);
  if (ec && deadline.passed()) ec = asio::error::timed_out;
  co_return ec;
}

}  // namespace

asio::awaitable<boost::system::error_code> write_all(asio::ip::tcp::socket& socket,
                                                     std::span<asio::const_buffer> rest,
                                                     Duration limit) {
  boost::system::error_code ec;
  rest = without(rest, 0);
  while (!rest.empty()) {
    const std::size_t written = socket.write_some(rest, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      ec = co_await writable(socket, limit);
    }
    if (ec) co_return ec;
    rest = without(rest, written);
  }
  co_return ec;
}

}  // namespace keep
