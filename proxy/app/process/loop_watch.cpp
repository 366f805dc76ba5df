#include "app/process/loop_watch.hpp"

#include "app/process/sd_notify.hpp"
#include "base/log.hpp"
#include "base/time/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace keep {

asio::awaitable<void> watch_loop(Metrics& metrics, StallWatchdog& watchdog) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  constexpr std::chrono::milliseconds kPeriod{100}, kWarn{20};
  Histogram lag_seconds =
      metrics.histogram("loop_lag_seconds", "How late the event loop runs", overhead_buckets());
  Counter dropped =
      metrics.counter("log_lines_dropped_total", "Lines of the log that nobody took in time");
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  Instant last_warning{}, last_beat{};
  for (;;) {
    const Instant due = std::chrono::steady_clock::now() + kPeriod;
    timer.expires_at(due);
    const auto [ec] = co_await timer.async_wait(token);
    if (ec) co_return;  // the program stops
    const Instant now = std::chrono::steady_clock::now();
    watchdog.beat();
    lag_seconds.observe(seconds(now - due));
    if (now - due > kWarn && now - last_warning > std::chrono::minutes(1)) {
      last_warning = now;
      log::warn("event loop was held", {{"seconds", seconds(now - due)}});
    }
    if (now - last_beat > std::chrono::seconds(1)) {
      last_beat = now;
      sd_notify("WATCHDOG=1");
      const double lost = static_cast<double>(log::dropped_lines()) - dropped.value();
      if (lost > 0) dropped.add(lost);
    }
  }
}

}  // namespace keep
