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

// One setting of an Owner: the Config, or a row of one of its lists of tables ([[upstream]],
// [[hygiene.rule]]).
template <class Owner>
struct KeyOf {
  std::string_view name;  // section.key
  std::string_view help;  // one line, with the unit where there is one
  Target (*at)(Owner&);
  Range range{};
  Result<> (*check)(std::string&) = nullptr;  // text: refuses, or rewrites to the normal form
  bool required = false;                      // of a row: has to be given
};
using Key = KeyOf<Config>;

struct Section {
  std::string_view name;
  std::string_view help;  // may be several lines
};

std::span<const Section> sections();
std::span<const Key> keys();  // in the order of sections()
std::span<const KeyOf<UpstreamSettings>> upstream_keys();
std::span<const KeyOf<hygiene::RuleSettings>> rule_keys();

const Key* find_key(std::string_view name);
std::vector<std::string> key_names();  // of all tables

Type type_of(const Target& target);
std::string_view describe(Type type);  // "a whole number"

// Parses, checks and stores. On error nothing is stored.
Result<> set_target(const Target& target, const Range& range, Result<> (*check)(std::string&),
                    std::string_view text);
std::string get_target(const Target& target);  // as TOML

template <class Owner>
Type type_of(const KeyOf<Owner>& key) {
  Owner scratch;
  return type_of(key.at(scratch));
}
template <class Owner>
Result<> set_value(const KeyOf<Owner>& key, Owner& owner, std::string_view text) {
  return set_target(key.at(owner), key.range, key.check, text);
}
template <class Owner>
std::string get_value(const KeyOf<Owner>& key, const Owner& owner) {
  Owner copy = owner;  // the table hands out mutable places only
  return get_target(key.at(copy));
}

std::string environment_name(std::string_view key);  // LLAMA_KEEP_SECTION_KEY

}  // namespace keep::config
