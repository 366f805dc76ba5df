#include "exchange/window.hpp"

#include <algorithm>

namespace keep {

std::int64_t window_tokens(const Upstream& upstream, std::size_t asked) noexcept {
  const ServerProps& props = upstream.props();
  std::int64_t window = props.n_ctx;
  if (upstream.pool_tokens() > 0 && props.total_slots > 0) {
    window = std::min(window, upstream.pool_tokens() / props.total_slots);
  }
  const auto most = static_cast<std::int64_t>(asked);
  return most > 0 && (window == 0 || most < window) ? most : window;
}

}  // namespace keep
