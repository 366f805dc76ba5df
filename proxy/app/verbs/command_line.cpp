#include "app/verbs/command_line.hpp"

#include "app/config/config_keys.hpp"
#include "app/suggestion.hpp"
#include "base/config/values.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>

#include <algorithm>
#include <cstdlib>
#include <ostream>

namespace keep {

namespace {

namespace po = boost::program_options;

constexpr unsigned kWidth = 80;

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

po::options_description common_flags(const std::vector<Switch>& switches) {
  po::options_description group("Flags", kWidth);
  for (const Switch& s : switches) group.add_options()(s.name.c_str(), s.help.c_str());
  group.add_options()("help", "Print this and exit.");
  group.add_options()("help-all", "The same with every setting and its default.");
  group.add_options()("config", po::value<std::string>()->value_name("PATH"),
                      "Configuration file (TOML); none is read by default.");
  group.add_options()("upstream", po::value<std::string>()->value_name("URL[,URL]"),
                      "llama-server to use; may be repeated. Same as --upstream.url.");
  group.add_options()("listen", po::value<std::string>()->value_name("HOST:PORT"),
                      "Same as --listen.address.");
  return group;
}

po::options_description setting_flags() {
  po::options_description group("Settings, with their defaults", kWidth);
  Config defaults;
  defaults.upstreams.emplace_back();
  const auto add = [&](const config::Key<Config>& key, const char* whose) {
    const std::string name(key.name);
    group.add_options()(name.c_str(), po::value<std::string>()->value_name(key.get(defaults)),
                        (one_line(key.help) + whose).c_str());
  };
  for (const config::Section<Config>& section : config::sections()) {
    for (const config::Key<Config>& key : section.keys) add(key, "");
  }
  for (const config::Key<Config>& key : config::upstream_list().keys(0)) {
    add(key, " For every upstream.");
  }
  return group;
}

std::string suggest_flag(std::string name, const std::vector<Switch>& switches) {
  name.erase(0, name.find_first_not_of('-'));
  name.erase(std::min(name.find('='), name.size()));
  std::vector<std::string> known{"help", "help-all", "config", "upstream", "listen"};
  for (const Switch& s : switches) known.push_back(s.name);
  for (std::string& key : config::flag_names()) known.push_back(std::move(key));
  const std::string near = nearest(name, known);
  return "unknown flag --" + name + (near.empty() ? "" : "; did you mean --" + near + "?");
}

bool is_setting(const std::string& name, const std::vector<Switch>& switches) {
  return name != "help" && name != "help-all" &&
         std::none_of(switches.begin(), switches.end(),
                      [&](const Switch& s) { return s.name == name; });
}

// Tries the flags alone, so that a wrong value is known to be the command line's fault.
Result<> check_flags(const NamedValues& flags) {
  ConfigSources alone;
  alone.flags = flags;
  const auto config = load_config(alone);
  if (!config) return config.error();
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const NamedValues& environment,
                                       const std::vector<Switch>& switches) {
  po::options_description all;
  all.add(common_flags(switches)).add(setting_flags());
  CommandLine line;
  line.sources.environment = environment;
  for (const auto& [name, value] : environment) {
    if (name == "LLAMA_KEEP_CONFIG") line.sources.file = value;
  }
  try {
    // No guessing: --up must not come to mean another flag when one is added.
    const int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    const auto parsed = po::command_line_parser(arguments).options(all).style(style).run();
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0) {
        return config::bad_value("unexpected word \"" + option.value.front() + "\"");
      }
      if (!is_setting(option.string_key, switches)) {
        line.switches.insert(option.string_key);
      } else if (option.string_key == "config") {
        line.sources.file = option.value.front();
      } else {
        line.sources.flags.emplace_back(to_key(option.string_key), option.value.front());
      }
    }
  } catch (const po::unknown_option& error) {
    return config::bad_value(suggest_flag(error.get_option_name(), switches));
  } catch (const po::error& error) {
    return config::bad_value(error.what());
  }
  const auto checked = check_flags(line.sources.flags);
  if (!checked) return checked.error();
  return line;
}

void print_flags(std::ostream& out, const std::vector<Switch>& switches, const CommandLine& line) {
  out << common_flags(switches) << "\n";
  if (line.switches.contains("help-all")) {
    out << setting_flags();
  } else {
    out << "Every key of the configuration is a flag, too: --SECTION.KEY VALUE, or\n"
           "LLAMA_KEEP_SECTION_KEY in the environment. --help-all lists them.\n";
  }
}

}  // namespace keep
