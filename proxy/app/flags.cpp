#include "app/flags.hpp"

#include "app/suggestion.hpp"
#include "base/config/values.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>

#include <algorithm>
#include <ostream>

namespace keep {

namespace {

namespace po = boost::program_options;

constexpr unsigned kWidth = 80;

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view name) {
  const auto found = std::ranges::find(flags, name, &Flag::name);
  return found == flags.end() ? nullptr : &*found;
}

po::options_description describe(const std::string& title, const std::vector<Flag>& flags) {
  po::options_description group(title, kWidth);
  for (const Flag& flag : flags) {
    if (flag.value.empty()) {
      group.add_options()(flag.name.c_str(), flag.help.c_str());
    } else {
      group.add_options()(flag.name.c_str(), po::value<std::string>()->value_name(flag.value),
                          flag.help.c_str());
    }
  }
  return group;
}

// What the library says of a flag, as a name.
std::string plain_name(std::string name) {
  name.erase(0, name.find_first_not_of('-'));
  name.erase(std::min(name.find('='), name.size()));
  return name;
}

// The library takes "--name=" for a flag without its value; the value is an empty text.
std::vector<std::string> with_empty_values(const std::vector<std::string>& arguments,
                                           const std::vector<Flag>& flags) {
  std::vector<std::string> out;
  bool words = false;
  for (const std::string& argument : arguments) {
    words = words || argument == "--";
    const bool cut =
        !words && argument.starts_with("--") && argument.find('=') + 1 == argument.size();
    const Flag* const flag = cut ? find_flag(flags, plain_name(argument)) : nullptr;
    if (flag == nullptr || flag->value.empty()) {
      out.push_back(argument);
    } else {
      out.push_back("--" + flag->name);
      out.emplace_back();
    }
  }
  return out;
}

Error unknown(const std::string& name, const std::vector<Flag>& flags) {
  std::vector<std::string> known;
  known.reserve(flags.size());
  for (const Flag& flag : flags) known.push_back(flag.name);
  const std::string near = nearest(name, known);
  return config::bad_value("unknown flag --" + name +
                           (near.empty() ? "" : "; did you mean --" + near + "?"));
}

Error wrong_use(const std::string& name, const std::vector<Flag>& flags) {
  const Flag* const flag = find_flag(flags, name);
  const bool is_switch = flag != nullptr && flag->value.empty();
  return config::bad_value("--" + name + (is_switch ? " takes no value" : " needs a value"));
}

}  // namespace

bool FlagLine::has(std::string_view name) const {
  return switches.contains(name) ||
         std::ranges::any_of(values, [&](const auto& given) { return given.first == name; });
}

std::string FlagLine::value(std::string_view name, std::string_view otherwise) const {
  std::string last(otherwise);
  for (const auto& [given, text] : values) {
    if (given == name) last = text;
  }
  return last;
}

Result<FlagLine> parse_flags(const std::vector<std::string>& arguments,
                             const std::vector<Flag>& flags) {
  // No guessing: --up must not come to mean another flag when one is added.
  constexpr int kStyle = po::command_line_style::allow_long |
                         po::command_line_style::long_allow_adjacent |
                         po::command_line_style::long_allow_next;
  const po::options_description known = describe("", flags);
  FlagLine line;
  try {
    po::command_line_parser parser(with_empty_values(arguments, flags));
    for (const auto& option : parser.options(known).style(kStyle).run().options) {
      if (option.position_key >= 0) {
        line.words.push_back(option.value.front());
      } else if (option.value.empty()) {
        line.switches.insert(option.string_key);
      } else {
        line.values.emplace_back(option.string_key, option.value.front());
      }
    }
  } catch (const po::unknown_option& error) {
    return unknown(plain_name(error.get_option_name()), flags);
  } catch (const po::invalid_command_line_syntax& error) {
    return wrong_use(plain_name(error.get_option_name()), flags);
  } catch (const po::error& error) {
    return config::bad_value(error.what());
  }
  return line;
}

void print_flags(std::ostream& out, const std::string& title, const std::vector<Flag>& flags) {
  out << describe(title, flags);
}

}  // namespace keep
