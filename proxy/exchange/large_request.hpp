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

// Much of it is yet to be read: what was in no earlier request, and all beside the messages. Who
// looks at known messages only by what is remembered of them is done sooner on the loop than a
// thread of the pool wakes up.
inline bool brings_much(const Exchange& exchange) noexcept {
  constexpr std::size_t kBytesForMessage = 64;  // that are read in the time that one takes
  const openai::ChatRequest& chat = exchange.chat;
  if (!is_large(exchange)) return false;
  const std::size_t known = std::min(chat.known_bytes, exchange.chat_body.size());
  const std::size_t news = exchange.chat_body.size() - known;
  return news + chat.messages.size() * kBytesForMessage >= kLargeRequest;
}

// `job` in the pool if it is `large`, else here and now. It is a named variable and returns a
// value.
template <class Job>
asio::awaitable<std::invoke_result_t<Job&>> off_loop(Pool& pool, bool large, Job job) {
  if (!large) co_return job();
  co_return co_await run_on(pool, std::move(job));
}

}  // namespace keep
