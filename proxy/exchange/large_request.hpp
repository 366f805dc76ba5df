// Which requests are large: what passes over all of one, or copies its texts, is done in the cpu
// pool then. It takes more than a millisecond or two, and nobody else's event waits that long.
#pragma once

#include "exchange/exchange.hpp"

#include <algorithm>
#include <cstddef>

namespace keep {

inline constexpr std::size_t kLargeRequest = 256 << 10;

inline bool is_large(const Exchange& exchange) noexcept {
  return std::max(exchange.chat_body.size(), exchange.request.body.size()) >= kLargeRequest;
}

}  // namespace keep
