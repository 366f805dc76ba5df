#include "app/config/config_toml.hpp"

#include "app/config/config_keys.hpp"
#include "app/suggestion.hpp"
#include "base/config/values.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::config {

namespace {

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a fraction";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

// The value as text when its TOML type suits the key's type.
std::optional<std::string> text_for(Type type, const toml::node& node) {
  if (const auto* text = node.as_string()) {
    if (type != Type::kBool && type != Type::kCount && type != Type::kFraction) return text->get();
    return std::nullopt;
  }
  if (const auto* flag = node.as_boolean()) {
    if (type == Type::kBool) return flag->get() ? "true" : "false";
    return std::nullopt;
  }
  const bool number = type == Type::kCount || type == Type::kFraction || type == Type::kBytes ||
                      type == Type::kDuration;
  if (const auto* whole = node.as_integer()) {
    if (number) return std::to_string(whole->get());
    return std::nullopt;
  }
  if (const auto* fraction = node.as_floating_point()) {
    if (type == Type::kDuration || type == Type::kFraction) return std::to_string(fraction->get());
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(std::string file, Config& config) : file_(std::move(file)), config_(config) {}

  Result<> read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const auto done = read_section(key.str(), key.source(), node);
      if (!done) return done.error();
    }
    return {};
  }

 private:
  Error fault(const toml::source_region& where, const std::string& name,
              const std::string& what) const {
    return bad_value(file_ + ":" + std::to_string(where.begin.line) + ": " + name + ": " + what);
  }

  Error unknown(const toml::source_region& where, const std::string& name) const {
    std::vector<std::string> known = key_names();
    for (const Section<Config>& section : sections()) known.emplace_back(section.name);
    return bad_value(file_ + ":" + std::to_string(where.begin.line) + ": unknown key " + name +
                     suggestion(name, known));
  }

  Result<> read_section(std::string_view name, const toml::source_region& where,
                        const toml::node& node) {
    const Section<Config>* const section = find_section(name);
    if (section == nullptr) return unknown(where, std::string(name));
    const List<Config>* const list = section->list ? &*section->list : nullptr;
    if (list != nullptr && list->name == name) return read_rows(node, *list);
    const toml::table* table = node.as_table();
    const std::string title(name);
    if (!table) return fault(where, title, "expected a table; write [" + title + "]");
    for (const auto& [key, value] : *table) {
      const std::string full = title + "." + std::string(key.str());
      const auto done = list != nullptr && list->name == full ? read_rows(value, *list)
                                                              : read_key(full, key.source(), value);
      if (!done) return done.error();
    }
    return {};
  }

  Result<> read_key(const std::string& name, const toml::source_region& where,
                    const toml::node& node) {
    const Key<Config>* const key = find_key(name);
    if (key == nullptr) return unknown(where, name);
    return store(*key, where, node);
  }

  Result<> store(const Key<Config>& key, const toml::source_region& where, const toml::node& node) {
    const std::string name(key.name);
    const auto text = text_for(key.type, node);
    if (!text) return fault(where, name, wrong_type(key.type, node));
    const auto stored = key.set(config_, *text);
    if (!stored) return fault(where, name, stored.error().detail);
    return {};
  }

  static std::string wrong_type(Type type, const toml::node& node) {
    return "expected " + std::string(describe(type)) + ", not " + std::string(kind_of(node));
  }

  Result<> read_rows(const toml::node& node, const List<Config>& rows) {
    const std::string name(rows.name);
    const toml::array* list = node.as_array();
    if (!list) return fault(node.source(), name, "expected a list; write [[" + name + "]]");
    rows.resize(config_, 0);
    for (const toml::node& item : *list) {
      const toml::table* table = item.as_table();
      if (!table) return fault(item.source(), name, "expected tables; write [[" + name + "]]");
      const std::size_t row = rows.size(config_);
      rows.resize(config_, row + 1);
      const auto done = read_row(*table, name, rows.keys(row));
      if (!done) return done.error();
    }
    return {};
  }

  Result<> read_row(const toml::table& table, const std::string& name,
                    const std::vector<Key<Config>>& keys) {
    std::size_t matched = 0;
    for (const Key<Config>& key : keys) {
      const toml::node* node = table.get(key.name.substr(name.size() + 1));
      if (!node) {
        if (key.required) return fault(table.source(), std::string(key.name), "is missing");
        continue;
      }
      ++matched;
      const auto done = store(key, node->source(), *node);
      if (!done) return done.error();
    }
    if (matched == table.size()) return {};
    for (const auto& [key, value] : table) {
      const std::string full = name + "." + std::string(key.str());
      if (std::ranges::find(keys, full, &Key<Config>::name) == keys.end()) {
        return unknown(key.source(), full);
      }
    }
    return {};
  }

  std::string file_;
  Config& config_;
};

}  // namespace

Result<> apply_toml(const std::string& text, const std::string& name, Config& config) {
  try {
    const toml::table root = toml::parse(text, name);
    Reader reader(name, config);
    return reader.read(root);
  } catch (const toml::parse_error& error) {
    return bad_value(name + ":" + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()));
  }
}

}  // namespace keep::config
