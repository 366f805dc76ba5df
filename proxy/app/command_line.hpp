// CommandLine: what follows the verb, as settings and switches. The only door to
// Boost.Program_options.
#pragma once

#include "app/config.hpp"
#include "base/result.hpp"

#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

struct Switch {  // a flag without a value that only one verb knows
  std::string name;
  std::string help;
};

struct CommandLine {
  ConfigSources sources;           // file from --config or LLAMA_KEEP_CONFIG
  std::set<std::string> switches;  // those given; "help" is known to every verb
};

// Refuses unknown flags (with the nearest known one), words without a flag, and flags whose value
// is wrong, so that everything left to load_config is the fault of a file or the environment.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const NamedValues& environment,
                                       const std::vector<Switch>& switches);

// The flags of a verb, one per line, with the keys of the configuration and their defaults.
void print_flags(std::ostream& out, const std::vector<Switch>& switches);

}  // namespace keep
