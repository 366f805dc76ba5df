// Config: typed settings from a TOML file, environment and flags, in rising precedence.
//
// Names are the same everywhere: `section.key` in TOML, LLAMA_KEEP_SECTION_KEY in the environment,
// --section.key as a flag; the short flags --config, --listen and --upstream exist besides. An
// unknown key or a value of the wrong type is an error with its path and the nearest known key.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "plugins/plugin_settings.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace keep {

struct ListenSettings {
  std::string address = "127.0.0.1:8200";
  std::string cors_origins;  // "*", or origins with commas between them
  std::size_t max_connections = 1024;
  std::size_t max_body_bytes = 64 << 20;
  std::size_t max_header_bytes = 64 << 10;
};

struct UpstreamSettings {
  std::string url = "http://127.0.0.1:8080";
  std::string api_key_file;      // sent as Bearer token; empty: the client's Authorization goes on
  std::size_t pool_tokens = 0;   // KV cells that all its slots share (-c with -kvu); 0: not known
  std::string slot_save_path{};  // its --slot-save-path, as it is called here; empty: not told
};

struct TimeoutSettings {  // traffic that makes progress is never cut
  std::chrono::milliseconds head{15000}, body{60000}, connect{2000}, first_event{600000},
      between_events{60000}, keep_alive{15000}, write{30000}, idle{60000}, drain{30000};
};

struct LimitSettings {
  std::chrono::milliseconds stall{10000};  // of the loop: then the program aborts
};

struct Config : PluginSettings {
  ListenSettings listen;
  std::vector<UpstreamSettings> upstreams;  // never empty after load
  TimeoutSettings timeouts;
  LimitSettings limits;
  std::string keys_file;  // auth.keys_file: one API key per line, # comments; empty: no keys
  bool explain = true;    // headers.explain: X-Keep-* response headers
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
};

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct ConfigSources {
  std::string file;         // path; empty: none
  NamedValues environment;  // all of it: names that are not ours are passed over
  NamedValues flags;        // section.key and value, in the order given
};

// Every value is checked: addresses and URLs are well formed, durations above zero, sizes bounded.
// A relative path of a secret that exists in $CREDENTIALS_DIRECTORY is replaced by that file's.
Result<Config> load_config(const ConfigSources& sources);

// The whole configuration as TOML with a comment for each key. Reading it back gives the same.
std::string to_toml(const Config& config);

}  // namespace keep
