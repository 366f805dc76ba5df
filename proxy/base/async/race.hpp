// race: the first of several coroutines. The others are cancelled and waited for. The only use of
// parallel_group: `a || b` would hide failures. Loop thread only.
//
// A branch that is cancelled ends at its pending operation, or with an exception at its next
// co_await when none was pending at that moment. What a loser throws or returns is dropped; one
// that ignores cancellation holds up the race. When the race itself is cancelled all branches are,
// and the index means nothing: ask what has really happened.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <tuple>
#include <utility>

namespace keep {

namespace asio = boost::asio;

// Index of the branch that ended first; its exception, if it has one, is rethrown.
template <class... Tasks>
asio::awaitable<std::size_t> race(Tasks... tasks) {
  constexpr std::size_t kCount = sizeof...(Tasks);
  auto executor = co_await asio::this_coro::executor;
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, std::move(tasks), asio::deferred)...);
  auto result = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const std::array<std::size_t, kCount> order = std::get<0>(result);
  const std::array<std::exception_ptr, kCount> failures = std::apply(
      [](const auto&, const auto&... errors) {
        return std::array<std::exception_ptr, kCount>{errors...};
      },
      result);
  if (failures[order[0]]) std::rethrow_exception(failures[order[0]]);
  co_return order[0];
}

}  // namespace keep
