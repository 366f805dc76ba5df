#include "app/verbs/setting_flags.hpp"

#include "app/config/config_keys.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace keep {

namespace {

std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

// Short names of settings.
std::string to_key(const std::string& flag) {
  if (flag == "listen") return "listen.address";
  if (flag == "upstream") return std::string(config::kUpstreamUrl);
  return flag;
}

}  // namespace

std::vector<Flag> with_config_flags(std::vector<Flag> flags) {
  const Flag kShared[] = {
      {"help", "", "Print this and exit."},
      {"help-all", "", "The same with every setting and its default."},
      {"config", "PATH", "Configuration file (TOML); none is read by default."},
      {"upstream", "URL[,URL]", "llama-server to use; may be repeated. Same as --upstream.url."},
      {"listen", "HOST:PORT", "Same as --listen.address."},
  };
  flags.insert(flags.end(), std::begin(kShared), std::end(kShared));
  return flags;
}

std::vector<Flag> setting_flags() {
  Config defaults;
  defaults.upstreams.emplace_back();
  std::vector<Flag> flags;
  const auto add = [&](const config::Key<Config>& key, const char* whose) {
    flags.push_back({std::string(key.name), key.get(defaults), one_line(key.help) + whose});
  };
  for (const config::Section<Config>& section : config::sections()) {
    for (const config::Key<Config>& key : section.keys) add(key, "");
  }
  for (const config::Key<Config>& key : config::upstream_list().keys(0)) {
    add(key, " For every upstream.");
  }
  return flags;
}

Result<ConfigSources> read_sources(const FlagLine& line, const NamedValues& environment) {
  ConfigSources alone;
  for (const auto& [name, value] : line.values) {
    if (name != "config") alone.flags.emplace_back(to_key(name), value);
  }
  const auto tried = load_config(alone);
  if (!tried) return tried.error();
  ConfigSources sources = std::move(alone);
  sources.environment = environment;
  for (const auto& [name, value] : environment) {
    if (name == "LLAMA_KEEP_CONFIG") sources.file = value;
  }
  sources.file = line.value("config", sources.file);
  return sources;
}

}  // namespace keep
