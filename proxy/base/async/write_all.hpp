// write_all: bytes to a socket. Most writes fit into the kernel's buffer, so it is tried first:
// that costs no turn of the loop.
#pragma once

#include "base/result.hpp"
#include "base/time/clock.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <span>

namespace keep {

// The socket must be in non-blocking mode. `rest` is used up. Not all is written when there is an
// error: cancelling is one, and timed_out when the peer takes nothing for `limit`, after which no
// wait for the socket is left.
asio::awaitable<boost::system::error_code> write_all(asio::ip::tcp::socket& socket,
                                                     std::span<asio::const_buffer> rest,
                                                     Duration limit);

}  // namespace keep
