// The flags of verbs that read the configuration: each of its keys is one, and some have a short
// name besides.
#pragma once

#include "app/config/config.hpp"
#include "app/flags.hpp"
#include "base/result.hpp"

#include <vector>

namespace keep {

// --help, --help-all, --config, --upstream and --listen, behind those that only the verb has.
std::vector<Flag> with_config_flags(std::vector<Flag> flags);
// --section.key for each key, with the defaults. More than a screen holds: --help-all shows them.
std::vector<Flag> setting_flags();

// What to load the configuration from: a file named by --config or LLAMA_KEEP_CONFIG, the
// environment, the flags. Refuses flags whose value is wrong, so that everything left to
// load_config is the fault of a file or the environment.
Result<ConfigSources> read_sources(const FlagLine& line, const NamedValues& environment);

}  // namespace keep
