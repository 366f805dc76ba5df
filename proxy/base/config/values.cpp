#include "base/config/values.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace keep::config {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 11> kSizes{{{"", 1},
                                       {"b", 1},
                                       {"k", 1024},
                                       {"kb", 1024},
                                       {"kib", 1024},
                                       {"m", 1 << 20},
                                       {"mb", 1 << 20},
                                       {"mib", 1 << 20},
                                       {"g", 1 << 30},
                                       {"gb", 1 << 30},
                                       {"gib", 1 << 30}}};
constexpr std::array<Unit, 5> kTimes{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}}};

// A number with one of the units, in the smallest unit; empty when it is not that.
template <std::size_t N>
std::optional<double> parse_with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const std::string value = lower(trim(text));
  double number = 0;
  const auto [end, ec] =
      std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
  if (ec != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string unit = trim({end, static_cast<std::size_t>(value.data() + value.size() - end)});
  for (const Unit& known : units) {
    if (known.name == unit && number * known.factor < 9e15) return number * known.factor;
  }
  return std::nullopt;
}

}  // namespace

Error bad_value(std::string detail) {
  return Error(Fault::kBadRequest, Side::kInternal, std::move(detail));
}

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

Result<bool> parse_bool(std::string_view text) {
  const std::string value = lower(trim(text));
  if (value == "true" || value == "on" || value == "yes" || value == "1") return true;
  if (value == "false" || value == "off" || value == "no" || value == "0") return false;
  return bad_value("expected true or false, not \"" + value + "\"");
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const std::string value = trim(text);
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (ec != std::errc() || end != value.data() + value.size()) {
    return bad_value("expected a whole number, not \"" + value + "\"");
  }
  return number;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = parse_with_unit(text, kSizes);
  if (!bytes || *bytes != std::floor(*bytes)) {
    return bad_value("expected a size as 65536, \"64KB\", \"64MB\" or \"1GB\", not \"" +
                     trim(text) + "\"");
  }
  return static_cast<std::uint64_t>(*bytes);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto amount = parse_with_unit(text, kTimes);
  if (!amount) {
    return bad_value("expected seconds or \"500ms\", \"30s\", \"10m\", \"1h\", not \"" +
                     trim(text) + "\"");
  }
  return std::chrono::milliseconds(std::llround(*amount));
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 3> kNames{"KB", "MB", "GB"};
  std::string_view name;
  for (const std::string_view next : kNames) {
    if (bytes == 0 || bytes % 1024 != 0) break;
    bytes /= 1024;
    name = next;
  }
  return std::to_string(bytes).append(name);
}

Result<double> parse_fraction(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && std::isfinite(value)) return value;
  return bad_value("expected a number such as 0.5, not \"" + std::string(text) + "\"");
}

std::string format_fraction(double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, error == std::errc() ? end : digits);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string format_seconds(std::chrono::milliseconds duration) {
  std::string out = std::to_string(duration.count() / 1000);
  if (const auto rest = duration.count() % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    out.append(".").append(digits);
  }
  return out;
}

}  // namespace keep::config
