// Values of the configuration as text: sizes, durations, addresses, URLs. Pure.
//
// Errors say what is wrong with the value; the caller adds whose value it is.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// Refuse, or rewrite into the normal form.
Result<> check_listen_address(std::string& text);
// "*", or origins as browsers send them, with commas between them.
Result<> check_cors_origins(std::string& text);
Result<> check_upstream_url(std::string& text);

std::string trim(std::string_view text);
std::vector<std::string> split_list(std::string_view text);  // at commas, trimmed, none empty

// The candidate that differs in the fewest typing errors; empty when none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
// "; did you mean X?" or nothing.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace keep::config
