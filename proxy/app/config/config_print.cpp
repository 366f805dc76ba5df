#include "app/config/config.hpp"
#include "app/config/config_keys.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace keep {

namespace {

using config::Key;
using config::List;
using config::Section;

void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append("# ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

void append_key(std::string& out, const Key<Config>& key, const Config& config) {
  out.append(last_part(key.name)).append(" = ").append(key.get(config)).append("\n");
}

void append_rows(std::string& out, const List<Config>& list, const Config& config) {
  for (std::size_t row = 0; row < list.size(config); ++row) {
    if (row > 0) out += "\n";
    out.append("[[").append(list.name).append("]]\n");
    for (const Key<Config>& key : list.keys(row)) {
      if (row == 0) append_comment(out, key.help);
      append_key(out, key, config);
    }
  }
}

// How a list would look that has no rows.
void append_example(std::string& out, const List<Config>& list) {
  if (list.examples.empty()) return;
  append_comment(out, list.invitation);
  out.append("# [[").append(list.name).append("]]\n");
  auto example = list.examples.begin();
  for (const Key<Config>& key : list.keys(0)) {
    append_comment(out, key.help);
    out.append("# ").append(last_part(key.name)).append(" = ").append(*example++).append("\n");
  }
}

void append_section(std::string& out, const Section<Config>& section, const Config& config) {
  append_comment(out, section.help);
  if (!section.keys.empty()) out.append("[").append(section.name).append("]\n");
  for (const Key<Config>& key : section.keys) {
    append_comment(out, key.help);
    append_key(out, key, config);
  }
  if (!section.list) return;
  if (!section.keys.empty()) out += "\n";
  if (section.list->size(config) == 0) return append_example(out, *section.list);
  append_rows(out, *section.list, config);
}

}  // namespace

std::string to_toml(const Config& config) {
  std::string out;
  for (const Section<Config>& section : config::sections()) {
    if (!out.empty()) out += "\n";
    append_section(out, section, config);
  }
  return out;
}

}  // namespace keep
