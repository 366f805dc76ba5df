#include "app/config/config.hpp"

#include "app/config/config_keys.hpp"
#include "app/config/config_toml.hpp"
#include "app/suggestion.hpp"
#include "base/config/checks.hpp"
#include "base/config/values.hpp"
#include "base/text/tokens.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

namespace keep {

namespace {

using config::bad_value;

Result<> apply_file(const std::string& path, Config& config) {
  std::error_code ec;
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open() || std::filesystem::is_directory(path, ec)) {
    return bad_value("cannot read the configuration file " + path);
  }
  std::ostringstream text;
  text << in.rdbuf();
  return config::apply_toml(text.str(), path, config);
}

// One key from the environment or a flag; `label` is how the user wrote it.
Result<> apply_text(const std::string& name, const std::string& value, const std::string& label,
                    Config& config) {
  const auto failed = [&](const std::string& what) { return bad_value(label + ": " + what); };
  if (const config::Key<Config>* const key = config::find_key(name)) {
    const auto stored = key->set(config, value);
    if (!stored) return failed(stored.error().detail);
    return {};
  }
  const config::List<Config>& upstreams = config::upstream_list();
  const bool known = std::ranges::any_of(
      upstreams.keys(0), [&](const config::Key<Config>& key) { return key.name == name; });
  for (std::size_t row = 0; row < upstreams.size(config); ++row) {
    for (const config::Key<Config>& key : upstreams.keys(row)) {
      if (key.name != name) continue;
      const auto stored = key.set(config, value);
      if (!stored) return failed(stored.error().detail);
    }
  }
  if (known) return {};
  return bad_value("unknown key " + label + suggestion(name, config::key_names()));
}

// Replaces the list of upstreams, their key files with it.
Result<> set_upstreams(const std::vector<std::string_view>& urls, const std::string& label,
                       Config& config) {
  if (urls.empty()) return bad_value(label + ": expected http://host:port");
  std::vector<UpstreamSettings> upstreams;
  for (const std::string_view url : urls) {
    UpstreamSettings& added = upstreams.emplace_back();
    added.url = url;
    const auto checked = config::check_server_url(added.url);
    if (!checked) return bad_value(label + ": " + checked.error().detail);
  }
  config.upstreams = std::move(upstreams);
  return {};
}

// Kubernetes puts LLAMA_KEEP_PORT=tcp://... and the like into every container beside a service
// called llama-keep; refusing those would keep the program from starting.
bool is_service_link(std::string_view name) {
  return name.starts_with("LLAMA_KEEP_SERVICE_") || name == "LLAMA_KEEP_PORT" ||
         name.starts_with("LLAMA_KEEP_PORT_");
}

bool names_upstreams(const std::string& name) {
  return name == "LLAMA_KEEP_UPSTREAM" || name == "LLAMA_KEEP_UPSTREAM_URL";
}

// The lists come first: the other upstream keys are then written into every entry.
Result<> apply_upstreams(const ConfigSources& sources, Config& config) {
  for (const auto& [name, value] : sources.environment) {
    if (!names_upstreams(name)) continue;
    const auto done = set_upstreams(tokens_of(value), name, config);
    if (!done) return done.error();
  }
  std::vector<std::string_view> urls;
  bool named = false;
  for (const auto& [name, value] : sources.flags) {
    if (name != config::kUpstreamUrl) continue;
    named = true;
    for (const std::string_view url : tokens_of(value)) urls.push_back(url);
  }
  if (!named) return {};
  return set_upstreams(urls, "--upstream", config);
}

Result<> apply_environment(const NamedValues& environment, Config& config) {
  std::vector<std::string> known{"LLAMA_KEEP_CONFIG", "LLAMA_KEEP_UPSTREAM"};
  for (const std::string& key : config::flag_names())
    known.push_back(config::environment_name(key));
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("LLAMA_KEEP_") || names_upstreams(name) || is_service_link(name) ||
        name == "LLAMA_KEEP_CONFIG") {
      continue;
    }
    bool found = false;
    for (const std::string& key : config::key_names()) {
      if (config::environment_name(key) != name) continue;
      const auto done = apply_text(key, value, name, config);
      if (!done) return done.error();
      found = true;
    }
    if (!found) {
      return bad_value("unknown environment variable " + name + suggestion(name, known));
    }
  }
  return {};
}

Result<> apply_flags(const NamedValues& flags, Config& config) {
  for (const auto& [name, value] : flags) {
    if (name == config::kUpstreamUrl) continue;
    const auto done = apply_text(name, value, "--" + name, config);
    if (!done) return done.error();
  }
  return {};
}

Result<> check_upstreams(const Config& config) {
  if (config.upstreams.empty()) return bad_value("no upstream; name one with --upstream URL");
  std::set<std::string> seen;
  for (const UpstreamSettings& upstream : config.upstreams) {
    if (!seen.insert(upstream.url).second) {
      return bad_value("upstream " + upstream.url + " is named twice; its slots would be too");
    }
  }
  return {};
}

void resolve_secret(const NamedValues& environment, std::string& path) {
  if (path.empty() || path.starts_with('/')) return;
  for (const auto& [name, folder] : environment) {
    if (name != "CREDENTIALS_DIRECTORY") continue;
    std::error_code ec;
    const auto candidate = std::filesystem::path(folder) / path;
    if (std::filesystem::exists(candidate, ec)) path = candidate.string();
    return;
  }
}

}  // namespace

Result<Config> load_config(const ConfigSources& sources) {
  Config config;
  config.upstreams.emplace_back();
  if (!sources.file.empty()) {
    const auto done = apply_file(sources.file, config);
    if (!done) return done.error();
  }
  const auto named = apply_upstreams(sources, config);
  if (!named) return named.error();
  const auto from_environment = apply_environment(sources.environment, config);
  if (!from_environment) return from_environment.error();
  const auto from_flags = apply_flags(sources.flags, config);
  if (!from_flags) return from_flags.error();
  const auto checked = check_upstreams(config);
  if (!checked) return checked.error();
  resolve_secret(sources.environment, config.keys_file);
  resolve_secret(sources.environment, config.recall.embeddings_key_file);
  for (UpstreamSettings& upstream : config.upstreams) {
    resolve_secret(sources.environment, upstream.api_key_file);
  }
  return config;
}

}  // namespace keep
