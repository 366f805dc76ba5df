#include "app/config/config.hpp"
#include "app/config/config_keys.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace keep {

namespace {

void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append("# ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template <class Row>
void append_rows(std::string& out, std::string_view table, const std::vector<Row>& rows,
                 std::span<const config::KeyOf<Row>> keys) {
  bool first = true;
  for (const Row& row : rows) {
    if (!first) out += "\n";
    out.append("[[").append(table).append("]]\n");
    for (const config::KeyOf<Row>& key : keys) {
      if (first) append_comment(out, key.help);
      out.append(key.name.substr(table.size() + 1)).append(" = ");
      out.append(config::get_value(key, row)).append("\n");
    }
    first = false;
  }
}

// How a list would look, for --print-config without rules.
void append_rule_example(std::string& out) {
  out += "# A rule of your own; as many as you like:\n# [[hygiene.rule]]\n";
  for (const auto& key : config::rule_keys()) {
    append_comment(out, key.help);
    out.append("# ").append(key.name.substr(key.name.rfind('.') + 1)).append(" = ");
    if (key.name.ends_with("name")) out += "\"clock\"\n";
    if (key.name.ends_with("role")) out += "\"system\"\n";
    if (key.name.ends_with("pattern")) out += "'It is \\d\\d:\\d\\d o.clock\\.'\n";
    if (key.name.ends_with("action")) out += "\"freeze\"\n";
  }
}

}  // namespace

std::string to_toml(const Config& config) {
  std::string out;
  for (const config::Section& section : config::sections()) {
    if (!out.empty()) out += "\n";
    append_comment(out, section.help);
    if (section.name == "upstream") {
      append_rows(out, section.name, config.upstreams, config::upstream_keys());
      continue;
    }
    out.append("[").append(section.name).append("]\n");
    for (const config::Key& key : config::keys()) {
      const std::size_t dot = key.name.find('.');
      if (key.name.substr(0, dot) != section.name) continue;
      append_comment(out, key.help);
      out.append(key.name.substr(dot + 1)).append(" = ");
      out.append(config::get_value(key, config)).append("\n");
    }
    if (section.name != "hygiene") continue;
    out += "\n";
    if (config.hygiene.rules.empty()) {
      append_rule_example(out);
    } else {
      append_rows(out, config::kRuleList, config.hygiene.rules, config::rule_keys());
    }
  }
  return out;
}

}  // namespace keep
