// The keys of the configuration: the core's table, and those that the plugins have of their own
// settings. They alone drive the file, the environment, the flags, --help and --print-config, so a
// key that is added to one of them is known everywhere. Pure.
#pragma once

#include "app/config/config.hpp"
#include "base/config/section.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace keep::config {

inline constexpr std::string_view kUpstreamUrl = "upstream.url";

const std::vector<Section<Config>>& sections();  // in the order they are shown
std::vector<Section<Config>> core_sections();    // those of no plugin, which come first

const Section<Config>* find_section(std::string_view name);
const Key<Config>* find_key(std::string_view name);  // not those of rows
const List<Config>& upstream_list();

std::vector<std::string> key_names();  // those of rows, too, which come last
// What the environment and flags can set: for `upstream` they set the key of every row.
std::vector<std::string> flag_names();

std::string environment_name(std::string_view key);  // LLAMA_KEEP_SECTION_KEY

}  // namespace keep::config
