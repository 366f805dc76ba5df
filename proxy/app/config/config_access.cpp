// Reading and printing the value behind a key, whatever its type.
#include "app/config/config_keys.hpp"
#include "app/config/config_values.hpp"
#include "base/json/json.hpp"

#include <array>
#include <utility>

namespace keep::config {

namespace {

constexpr std::uint64_t kDay = 24 * 3600 * 1000;  // milliseconds

constexpr std::array<std::pair<std::string_view, log::Level>, 4> kLevels{
    {{"debug", log::Level::kDebug},
     {"info", log::Level::kInfo},
     {"warn", log::Level::kWarn},
     {"error", log::Level::kError}}};
constexpr std::array<std::pair<std::string_view, log::Format>, 2> kFormats{
    {{"text", log::Format::kText}, {"json", log::Format::kJson}}};

template <class Enum, std::size_t N>
Result<> store_choice(const std::array<std::pair<std::string_view, Enum>, N>& choices, Enum* out,
                      std::string_view text) {
  std::string list;
  for (const auto& [name, value] : choices) {
    if (name == text) {
      *out = value;
      return {};
    }
    list.append(list.empty() ? "\"" : ", \"").append(name).append("\"");
  }
  return bad_value("expected one of " + list + ", not \"" + std::string(text) + "\"");
}

template <class Enum, std::size_t N>
std::string name_of(const std::array<std::pair<std::string_view, Enum>, N>& choices, Enum value) {
  for (const auto& [name, choice] : choices) {
    if (choice == value) return json::quoted(name);
  }
  return {};
}

Error out_of_range(const std::string& low, const std::string& high) {
  return bad_value("expected a value from " + low + " to " + high);
}

// Parses into the type the target points at. One overload for each alternative of Target.
struct Store {
  const Range& range;
  Result<> (*check)(std::string&);
  std::string_view text;

  bool inside(std::uint64_t value) const { return value >= range.low && value <= range.high; }
  Result<> operator()(std::string* out) const {
    std::string value(text);
    if (check) {
      const auto checked = check(value);
      if (!checked) return checked.error();
    }
    *out = std::move(value);
    return {};
  }
  Result<> operator()(bool* out) const {
    const auto value = parse_bool(text);
    if (!value) return value.error();
    *out = *value;
    return {};
  }
  Result<> operator()(std::size_t* out) const {
    const auto value = parse_count(text);
    if (!value) return value.error();
    if (!inside(*value)) {
      return out_of_range(std::to_string(range.low), std::to_string(range.high));
    }
    *out = *value;
    return {};
  }
  Result<> operator()(double* out) const {
    const auto value = parse_fraction(text);
    if (!value) return value.error();
    const double low = static_cast<double>(range.low) / 100;
    const double high = static_cast<double>(range.high) / 100;
    if (*value < low || *value > high) {
      return out_of_range(format_fraction(low), format_fraction(high));
    }
    *out = *value;
    return {};
  }
  Result<> operator()(ByteCount out) const {
    const auto value = parse_bytes(text);
    if (!value) return value.error();
    if (!inside(*value)) {
      return out_of_range(format_bytes(range.low), format_bytes(range.high));
    }
    *out.value = *value;
    return {};
  }
  Result<> operator()(std::chrono::milliseconds* out) const {
    const auto value = parse_duration(text);
    if (!value) return value.error();
    if (!inside(static_cast<std::uint64_t>(value->count()))) {
      const std::string days = std::to_string(range.high / kDay) + " days";
      return bad_value(range.low > 0 ? "expected a time above zero and at most " + days
                                     : "expected a time of at most " + days);
    }
    *out = *value;
    return {};
  }
  Result<> operator()(log::Level* out) const { return store_choice(kLevels, out, text); }
  Result<> operator()(log::Format* out) const { return store_choice(kFormats, out, text); }
};

struct Print {
  std::string operator()(const std::string* value) const { return json::quoted(*value); }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::size_t* value) const { return std::to_string(*value); }
  std::string operator()(const double* value) const { return format_fraction(*value); }
  std::string operator()(ByteCount bytes) const {
    std::string text = format_bytes(*bytes.value);
    return text.find_first_not_of("0123456789") == std::string::npos ? text : json::quoted(text);
  }
  std::string operator()(const std::chrono::milliseconds* value) const {
    return format_seconds(*value);
  }
  std::string operator()(const log::Level* value) const { return name_of(kLevels, *value); }
  std::string operator()(const log::Format* value) const { return name_of(kFormats, *value); }
};

}  // namespace

Type type_of(const Target& target) {
  static constexpr std::array kTypes{Type::kText,  Type::kBool,     Type::kCount,  Type::kFraction,
                                     Type::kBytes, Type::kDuration, Type::kChoice, Type::kChoice};
  return kTypes[target.index()];
}

std::string_view describe(Type type) {
  switch (type) {
    case Type::kText: return "a string";
    case Type::kBool: return "true or false";
    case Type::kCount: return "a whole number";
    case Type::kFraction: return "a number";
    case Type::kBytes: return "a size in bytes or as \"64MB\"";
    case Type::kDuration: return "seconds or a time as \"500ms\"";
    case Type::kChoice: return "a string";
  }
  return "";
}

Result<> set_target(const Target& target, const Range& range, Result<> (*check)(std::string&),
                    std::string_view text) {
  return std::visit(Store{range, check, text}, target);
}

std::string get_target(const Target& target) { return std::visit(Print{}, target); }

}  // namespace keep::config
