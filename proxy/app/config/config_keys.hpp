// The table of configuration keys. It alone drives the file, the environment, the flags, --help
// and --print-config, so a key that is added here is known everywhere. Pure.
#pragma once

#include "app/config/config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace keep::config {

inline constexpr std::string_view kUpstreamList = "upstream";
inline constexpr std::string_view kUpstreamUrl = "upstream.url";
inline constexpr std::string_view kRuleList = "hygiene.rule";

struct ByteCount {  // a size_t that is written with a unit
  std::size_t* value;
};

// Where a key's value lives; the alternative is its type.
using Target = std::variant<std::string*, bool*, std::size_t*, double*, ByteCount,
                            std::chrono::milliseconds*, log::Level*, log::Format*>;

enum class Type { kText, kBool, kCount, kFraction, kBytes, kDuration, kChoice };

struct Range {  // inclusive; milliseconds for durations, hundredths for fractions
  std::uint64_t low = 0, high = 0;
};

struct Key {
  std::string_view name;  // section.key
  std::string_view help;  // one line, with the unit where there is one
  Target (*at)(Config&);
  Range range{};
  Result<> (*check)(std::string&) = nullptr;  // text: refuses, or rewrites to the normal form
};

// A key of a list of tables: [[upstream]], [[hygiene.rule]]. All are text.
template <class Row>
struct RowKey {
  std::string_view name;
  std::string_view help;
  std::string Row::*member;
  Result<> (*check)(std::string&) = nullptr;
  bool required = false;
};

struct Section {
  std::string_view name;
  std::string_view help;  // may be several lines
};

std::span<const Section> sections();
std::span<const Key> keys();  // in the order of sections()
std::span<const RowKey<UpstreamSettings>> upstream_keys();
std::span<const RowKey<hygiene::RuleSettings>> rule_keys();

const Key* find_key(std::string_view name);
std::vector<std::string> key_names();  // of all tables

Type type_of(const Key& key);
std::string_view describe(Type type);  // "a whole number"

// Parses, checks and stores. On error nothing is stored.
Result<> set_value(const Key& key, Config& config, std::string_view text);
template <class Row>
Result<> set_value(const RowKey<Row>& key, Row& row, std::string_view text) {
  std::string value(text);
  if (key.check) {
    const auto checked = key.check(value);
    if (!checked) return checked.error();
  }
  row.*key.member = std::move(value);
  return {};
}
std::string get_value(const Key& key, const Config& config);  // as TOML

std::string environment_name(std::string_view key);  // LLAMA_KEEP_SECTION_KEY

}  // namespace keep::config
