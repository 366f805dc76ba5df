#include "app/config/config_keys.hpp"

#include "plugins/plugin_keys.hpp"

#include <algorithm>
#include <functional>

namespace keep::config {

namespace {

std::vector<Section<Config>> all_sections() {
  std::vector<Section<Config>> all = core_sections();
  for (const Section<PluginSettings>& section : plugin_sections()) {
    all.push_back(within<Config>(section, std::identity{}));
  }
  return all;
}

std::vector<std::string> names_outside_lists() {
  std::vector<std::string> names;
  for (const Section<Config>& section : sections()) {
    for (const Key<Config>& key : section.keys) names.emplace_back(key.name);
  }
  return names;
}

void append_names(std::vector<std::string>& names, const List<Config>& list) {
  for (const Key<Config>& key : list.keys(0)) names.emplace_back(key.name);
}

}  // namespace

const std::vector<Section<Config>>& sections() {
  static const std::vector<Section<Config>> all = all_sections();
  return all;
}

const Section<Config>* find_section(std::string_view name) {
  const auto found = std::ranges::find(sections(), name, &Section<Config>::name);
  return found == sections().end() ? nullptr : &*found;
}

const Key<Config>* find_key(std::string_view name) {
  const Section<Config>* const section = find_section(name.substr(0, name.find('.')));
  if (section == nullptr) return nullptr;
  const auto found = std::ranges::find(section->keys, name, &Key<Config>::name);
  return found == section->keys.end() ? nullptr : &*found;
}

const List<Config>& upstream_list() { return *find_section("upstream")->list; }

std::vector<std::string> key_names() {
  std::vector<std::string> names = names_outside_lists();
  for (const Section<Config>& section : sections()) {
    if (section.list) append_names(names, *section.list);
  }
  return names;
}

std::vector<std::string> flag_names() {
  std::vector<std::string> names = names_outside_lists();
  append_names(names, upstream_list());
  return names;
}

std::string environment_name(std::string_view key) {
  std::string name = "LLAMA_KEEP_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
}

}  // namespace keep::config
