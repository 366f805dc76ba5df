#include "downstream/client_watch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keep {

asio::awaitable<void> ClientWatch::gone() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (peer_.input.size() < kMaxStray) {
    const auto room = peer_.input.prepare(kMaxStray - peer_.input.size());
    auto [ec, count] = co_await peer_.socket.async_read_some(room, token);
    if (ec == asio::error::operation_aborted) co_return;
    if (ec) {
      gone_ = true;
      co_return;
    }
    peer_.input.commit(count);
  }
  asio::steady_timer never(peer_.socket.get_executor(), asio::steady_timer::time_point::max());
  co_await never.async_wait(token);
}

}  // namespace keep
