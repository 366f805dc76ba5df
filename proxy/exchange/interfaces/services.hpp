// Services: what everything that runs needs: the loop and the pools, the time, figures, and
// somewhere to leave work that nobody waits for. They outlive every plugin.
#pragma once

#include "base/async/pools.hpp"
#include "base/metrics.hpp"
#include "base/time/clock.hpp"

namespace keep {

struct Services {
  asio::io_context& loop;
  Pools& pools;
  const Clock& clock;
  Metrics& metrics;
  Spawner& spawner;
};

}  // namespace keep
