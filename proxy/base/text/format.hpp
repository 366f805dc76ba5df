// Values as text, by {fmt}: include this for fmt::format(), whose patterns are checked when the
// program is compiled. Pure, any thread. The only door to {fmt}.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace keep {

// A time of day in UTC, in seconds since 1970, as strftime(3) would write it: "%F" is 2026-01-31.
// What no clock says (unix_time.hpp) counts as the nearest that one does.
std::string format_utc(std::int64_t seconds, std::string_view pattern);

}  // namespace keep
