// Watches the loop from inside: exports its lag, warns when something holds it, and feeds our own
// watchdog and systemd's, so that a stuck loop is restarted rather than a live one kept company.
#pragma once

#include "app/process/stall_watchdog.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"

namespace keep {

// Runs until cancelled.
asio::awaitable<void> watch_loop(Metrics& metrics, StallWatchdog& watchdog);

}  // namespace keep
