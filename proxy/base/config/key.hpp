// Key: one setting of an Owner, a struct of settings. Whoever owns the struct declares its keys in
// a table beside it; the file, the environment, the flags, --help and --print-config are made of
// those tables, and know no other. Pure.
#pragma once

#include "base/config/checks.hpp"
#include "base/config/values.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::config {

enum class Type { kText, kBool, kCount, kFraction, kBytes, kDuration };
std::string_view describe(Type type);  // "a whole number"

template <class T>
struct Range {  // inclusive
  T low{}, high{};
};

inline constexpr std::uint64_t kKilo = 1024, kMega = kKilo * kKilo, kGiga = kMega * kKilo;
inline constexpr std::chrono::hours kDay{24};
inline constexpr Range<std::chrono::milliseconds> kWait{std::chrono::milliseconds(1), 7 * kDay};

// Parse, and refuse what is not in range.
Result<std::uint64_t> read_count(std::string_view text, Range<std::uint64_t> range);
Result<std::uint64_t> read_bytes(std::string_view text, Range<std::uint64_t> range);
Result<double> read_fraction(std::string_view text, Range<double> range);
Result<std::chrono::milliseconds> read_duration(std::string_view text,
                                                Range<std::chrono::milliseconds> range);
Result<std::string> read_text(std::string_view text, const Check& check);

// As TOML.
std::string print_text(std::string_view value);
std::string print_bool(bool value);
std::string print_bytes(std::uint64_t value);

template <class Owner>
struct Key {
  std::string_view name;  // section.key
  std::string_view help;  // one line or several, with the unit where there is one
  Type type = Type::kText;
  std::function<Result<>(Owner&, std::string_view)> set;  // on an error nothing is stored
  std::function<std::string(const Owner&)> get;           // as TOML
  bool required = false;                                  // of a row in a list: has to be given

  // One for each type of value; `help` is in front of the place, the range behind it.
  static Key text(std::string_view name, std::string_view help, std::string Owner::*at,
                  const Check& check = nullptr) {
    const auto read = [check](std::string_view text) { return read_text(text, check); };
    return make(name, help, Type::kText, at, read, print_text);
  }
  static Key on_off(std::string_view name, std::string_view help, bool Owner::*at) {
    return make(name, help, Type::kBool, at, parse_bool, print_bool);
  }
  static Key count(std::string_view name, std::string_view help, std::size_t Owner::*at,
                   Range<std::uint64_t> range) {
    const auto read = [range](std::string_view text) { return read_count(text, range); };
    const auto print = [](std::size_t value) { return std::to_string(value); };
    return make(name, help, Type::kCount, at, read, print);
  }
  static Key bytes(std::string_view name, std::string_view help, std::size_t Owner::*at,
                   Range<std::uint64_t> range) {
    const auto read = [range](std::string_view text) { return read_bytes(text, range); };
    return make(name, help, Type::kBytes, at, read, print_bytes);
  }
  static Key fraction(std::string_view name, std::string_view help, double Owner::*at,
                      Range<double> range) {
    const auto read = [range](std::string_view text) { return read_fraction(text, range); };
    return make(name, help, Type::kFraction, at, read, format_fraction);
  }
  static Key duration(std::string_view name, std::string_view help,
                      std::chrono::milliseconds Owner::*at,
                      Range<std::chrono::milliseconds> range = kWait) {
    const auto read = [range](std::string_view text) { return read_duration(text, range); };
    return make(name, help, Type::kDuration, at, read, format_seconds);
  }
  template <class Enum>
  static Key choice(std::string_view name, std::string_view help, Enum Owner::*at,
                    const std::vector<std::pair<std::string_view, Enum>>& choices) {
    const auto read = [choices](std::string_view text) -> Result<Enum> {
      std::vector<std::string_view> names;
      for (const auto& [known, value] : choices) {
        if (known == text) return value;
        names.push_back(known);
      }
      return no_choice(names, text);
    };
    const auto print = [choices](Enum value) {
      for (const auto& [known, choice] : choices) {
        if (choice == value) return print_text(known);
      }
      return std::string();
    };
    return make(name, help, Type::kText, at, read, print);
  }

  Key as_required() && {
    required = true;
    return std::move(*this);
  }

 private:
  template <class T, class Read, class Print>
  static Key make(std::string_view name, std::string_view help, Type type, T Owner::*at, Read read,
                  Print print) {
    auto set = [at, read](Owner& owner, std::string_view text) -> Result<> {
      auto value = read(text);
      if (!value) return value.error();
      owner.*at = *std::move(value);
      return {};
    };
    auto get = [at, print](const Owner& owner) { return print(owner.*at); };
    return {name, help, type, std::move(set), std::move(get)};
  }
};

}  // namespace keep::config
