// Services: what everything that runs needs: the loop and the pools, the time, files, figures, and
// somewhere to leave work that nobody waits for. They outlive every plugin, and every job of it in
// a pool.
#pragma once

#include "base/async/pools.hpp"
#include "base/metrics.hpp"
#include "base/os/file_system.hpp"
#include "base/time/clock.hpp"

namespace keep {

struct Services {
  asio::io_context& loop;
  Pools& pools;
  const Clock& clock;
  FileSystem& files;  // in pools.disk
  Metrics& metrics;
  Spawner& spawner;
};

}  // namespace keep
