#include "exchange/prospect.hpp"

#include <algorithm>

namespace keep {

bool has_prospect(Upstreams& upstreams, const ServerDemand& demand) noexcept {
  bool any_up = false;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    const Upstream& server = upstreams.at(i);
    const bool tried = std::ranges::find(demand.tried, i) != demand.tried.end();
    if (upstreams.suits(i, demand) || (server.loading() && !tried)) return true;
    any_up |= server.healthy();
  }
  return !any_up;
}

}  // namespace keep
