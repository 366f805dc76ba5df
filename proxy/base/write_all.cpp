#include "base/write_all.hpp"

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

}  // namespace

asio::awaitable<boost::system::error_code> write_all(asio::ip::tcp::socket& socket,
                                                     std::span<asio::const_buffer> rest) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  boost::system::error_code ec;
  rest = without(rest, 0);
  while (!rest.empty()) {
    const std::size_t written = socket.write_some(rest, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      const auto [failed] = co_await socket.async_wait(asio::ip::tcp::socket::wait_write, token);
      ec = failed;
    }
    if (ec) co_return ec;
    rest = without(rest, written);
  }
  co_return ec;
}

}  // namespace keep
