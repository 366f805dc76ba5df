// Values of the configuration as text: numbers, sizes, times. Pure.
//
// Errors are Fault::kBadRequest and say what is wrong with the value; the caller adds whose value
// it is.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep::config {

Error bad_value(std::string detail);

Result<bool> parse_bool(std::string_view text);            // true, false, on, off, yes, no, 1, 0
Result<std::uint64_t> parse_count(std::string_view text);  // decimal digits only
Result<double> parse_fraction(std::string_view text);      // 1, 0.5
Result<std::uint64_t> parse_bytes(std::string_view text);  // 512, 64KB, 64 MB, 1GB; K is 1024
Result<std::chrono::milliseconds> parse_duration(std::string_view text);  // 30, 1.5, 500ms, 2m, 1h

std::string format_fraction(double value);      // 0.5; always with a point
std::string format_bytes(std::uint64_t bytes);  // the largest whole unit: 64MB
std::string format_seconds(std::chrono::milliseconds duration);

// Without white space at both ends.
std::string trim(std::string_view text);

}  // namespace keep::config
