// CommandLine: what follows the verb, as settings and switches. The only door to
// Boost.Program_options.
#pragma once

#include "app/config/config.hpp"
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
  std::set<std::string> switches;  // those given; "help" and "help-all" are known to every verb
  bool wants_help() const { return switches.contains("help") || switches.contains("help-all"); }
};

// Refuses unknown flags (with the nearest known one), words without a flag, and flags whose value
// is wrong, so that everything left to load_config is the fault of a file or the environment.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const NamedValues& environment,
                                       const std::vector<Switch>& switches);

// The flags of a verb, one per line; with --help-all the keys of the configuration and their
// defaults, too, which are more than a screen holds.
void print_flags(std::ostream& out, const std::vector<Switch>& switches, const CommandLine& line);

}  // namespace keep
