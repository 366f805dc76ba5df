#include "base/text/format.hpp"

#include "base/time/unix_time.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace keep {

std::string format_utc(std::int64_t seconds, std::string_view pattern) {
  const std::time_t time = to_unix_time(seconds);
  // {fmt} 9 counts std::chrono's time points in nanoseconds, which end in 2262.
  return fmt::format(fmt::runtime(fmt::format("{{:{}}}", pattern)), fmt::gmtime(time));
}

}  // namespace keep
