#include "app/api_keys.hpp"
#include "app/app.hpp"
#include "app/verbs/setting_flags.hpp"
#include "app/verbs/verbs.hpp"
#include "app/welcome.hpp"
#include "base/os/open_files.hpp"

#include <ostream>

namespace keep {

namespace {

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

int check(const Config& config, const Invocation& invocation) {
  const auto checked = check_secret_files(config, invocation.err);
  if (!checked) return fail(invocation, checked.error(), kExitProblem);
  if (const auto exposed = exposure(config)) {
    invocation.err << "llama-keep: " << *exposed << "; name a file of keys in auth.keys_file\n";
  }
  invocation.out << "configuration ok\n";
  return kExitOk;
}

int run(const FlagLine& line, const Invocation& invocation) {
  const auto sources = read_sources(line, invocation.environment);
  if (!sources) return fail(invocation, sources.error(), kExitUsage);
  const auto config = load_config(*sources);
  if (!config) return fail(invocation, config.error(), kExitProblem);
  if (line.has("print-config")) {
    invocation.out << to_toml(*config);
    return kExitOk;
  }
  if (line.has("check-config")) return check(*config, invocation);
  raise_open_files_limit();
  return run_app(*config);
}

}  // namespace

Verb serve_verb() {
  Verb verb;
  verb.name = "serve";
  verb.summary = "run the proxy";
  verb.usage = "usage: llama-keep serve [FLAGS]\nRuns the proxy until SIGTERM.\n";
  verb.flags = with_config_flags(
      {{"check-config", "", "Check the configuration and the files it names, then exit."},
       {"print-config", "", "Print the configuration in force as TOML, then exit."}});
  verb.configured = true;
  verb.run = run;
  return verb;
}

}  // namespace keep
