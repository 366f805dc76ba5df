// Which requests are large: what passes over all of one, or copies its texts, is done in the cpu
// pool then. It takes more than a millisecond or two, and nobody else's event waits that long.
#pragma once

#include "base/async/pools.hpp"
#include "exchange/exchange.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace keep {

inline constexpr std::size_t kLargeRequest = 256 << 10;

inline bool is_large(const Exchange& exchange) noexcept {
  return std::max(exchange.chat_body.size(), exchange.request.body.size()) >= kLargeRequest;
}

// `job` in the pool if it is `large`, else here and now. It is a named variable and returns a
// value.
template <class Job>
asio::awaitable<std::invoke_result_t<Job&>> off_loop(Pool& pool, bool large, Job job) {
  if (!large) co_return job();
  co_return co_await run_on(pool, std::move(job));
}

}  // namespace keep
