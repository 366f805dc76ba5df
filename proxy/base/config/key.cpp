#include "base/config/key.hpp"

#include "base/json/json.hpp"

namespace keep::config {

namespace {

using std::chrono::milliseconds;

Error out_of_range(const std::string& low, const std::string& high) {
  return bad_value("expected a value from " + low + " to " + high);
}

template <class T>
bool is_in(const Range<T>& range, T value) {
  return value >= range.low && value <= range.high;
}

}  // namespace

std::string_view describe(Type type) {
  switch (type) {
    case Type::kText: return "a string";
    case Type::kBool: return "true or false";
    case Type::kCount: return "a whole number";
    case Type::kFraction: return "a number";
    case Type::kBytes: return "a size in bytes or as \"64MB\"";
    case Type::kDuration: return "seconds or a time as \"500ms\"";
  }
  return "";
}

Result<std::uint64_t> read_count(std::string_view text, Range<std::uint64_t> range) {
  auto value = parse_count(text);
  if (!value || is_in(range, *value)) return value;
  return out_of_range(std::to_string(range.low), std::to_string(range.high));
}

Result<std::uint64_t> read_bytes(std::string_view text, Range<std::uint64_t> range) {
  auto value = parse_bytes(text);
  if (!value || is_in(range, *value)) return value;
  return out_of_range(format_bytes(range.low), format_bytes(range.high));
}

Result<double> read_fraction(std::string_view text, Range<double> range) {
  auto value = parse_fraction(text);
  if (!value || is_in(range, *value)) return value;
  return out_of_range(format_fraction(range.low), format_fraction(range.high));
}

Result<milliseconds> read_duration(std::string_view text, Range<milliseconds> range) {
  auto value = parse_duration(text);
  if (!value || is_in(range, *value)) return value;
  const std::string days = std::to_string(range.high / kDay) + " days";
  return bad_value(range.low > milliseconds(0) ? "expected a time above zero and at most " + days
                                               : "expected a time of at most " + days);
}

Result<std::string> read_text(std::string_view text, const Check& check) {
  std::string value(text);
  if (check) {
    const auto checked = check(value);
    if (!checked) return checked.error();
  }
  return value;
}

std::string print_text(std::string_view value) { return json::quoted(value); }

std::string print_bool(bool value) { return value ? "true" : "false"; }

std::string print_bytes(std::uint64_t value) {
  std::string text = format_bytes(value);
  return text.find_first_not_of("0123456789") == std::string::npos ? text : json::quoted(text);
}

}  // namespace keep::config
