#include "exchange/window.hpp"

#include <algorithm>

namespace keep {

std::int64_t window_tokens(const ServerProps& props, const WindowLimits& limits) noexcept {
  std::int64_t window = props.n_ctx;
  if (limits.pool_tokens > 0 && props.total_slots > 0) {
    window = std::min(window, static_cast<std::int64_t>(limits.pool_tokens) / props.total_slots);
  }
  const auto asked = static_cast<std::int64_t>(limits.tokens);
  return asked > 0 && (window == 0 || asked < window) ? asked : window;
}

}  // namespace keep
