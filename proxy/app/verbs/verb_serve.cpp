#include "app/api_keys.hpp"
#include "app/app.hpp"
#include "app/verbs/command_line.hpp"
#include "app/verbs/verbs.hpp"
#include "app/welcome.hpp"
#include "base/os/memory.hpp"
#include "base/os/open_files.hpp"

#include <ostream>

namespace keep {

namespace {

const std::vector<Switch>& switches() {
  static const std::vector<Switch> list{
      {"check-config", "Check the configuration and the files it names, then exit."},
      {"print-config", "Print the configuration in force as TOML, then exit."}};
  return list;
}

// The files with secrets are read again when the proxy starts; here they only must be readable.
Result<> check_secret_files(const Config& config, std::ostream& err) {
  if (!config.keys_file.empty()) {
    const auto keys = ApiKeys::load(config.keys_file);
    if (!keys) return keys.error();
    if (!keys->warning().empty()) err << "llama-keep: " << keys->warning() << "\n";
  }
  for (const UpstreamSettings& upstream : config.upstreams) {
    if (upstream.api_key_file.empty()) continue;
    const auto secret = read_secret(upstream.api_key_file);
    if (!secret) return secret.error();
  }
  return {};
}

}  // namespace

int verb_serve(const Invocation& invocation) {
  const auto line = parse_command_line(invocation.arguments, invocation.environment, switches());
  if (!line) {
    invocation.err << "llama-keep serve: " << line.error().detail << "\n";
    return kExitUsage;
  }
  if (line->wants_help()) {
    invocation.out << "usage: llama-keep serve [FLAGS]\nRuns the proxy until SIGTERM.\n\n";
    print_flags(invocation.out, switches(), *line);
    return kExitOk;
  }
  const auto config = load_config(line->sources);
  if (!config) {
    invocation.err << "llama-keep serve: " << config.error().detail << "\n";
    return kExitProblem;
  }
  if (line->switches.contains("print-config")) {
    invocation.out << to_toml(*config);
    return kExitOk;
  }
  if (line->switches.contains("check-config")) {
    const auto checked = check_secret_files(*config, invocation.err);
    if (!checked) {
      invocation.err << "llama-keep serve: " << checked.error().detail << "\n";
      return kExitProblem;
    }
    if (const auto exposed = exposure(*config)) {
      invocation.err << "llama-keep: " << *exposed << "; name a file of keys in auth.keys_file\n";
    }
    invocation.out << "configuration ok\n";
    return kExitOk;
  }
  keep_freed_memory();
  raise_open_files_limit();
  return run_app(*config);
}

}  // namespace keep
