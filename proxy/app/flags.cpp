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

// Each value in one piece with its flag: the library looks at what follows a flag, and refuses
// texts that look like one. An empty value it only takes as a piece of its own.
std::vector<std::string> with_joined_values(const std::vector<std::string>& arguments,
                                            const std::vector<Flag>& flags) {
  std::vector<std::string> out;
  bool words = false;
  for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
    words = words || *argument == "--";
    const bool named = !words && argument->starts_with("--");
    const Flag* const flag = named ? find_flag(flags, argument->substr(2)) : nullptr;
    out.push_back(*argument);
    if (flag == nullptr || flag->value.empty() || argument + 1 == arguments.end()) continue;
    if ((++argument)->empty()) {
      out.emplace_back();
    } else {
      out.back() += "=" + *argument;
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
  if (flag == nullptr) return unknown(name, flags);
  return config::bad_value("--" + name +
                           (flag->value.empty() ? " takes no value" : " needs a value"));
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
    po::command_line_parser parser(with_joined_values(arguments, flags));
    for (const auto& option : parser.options(known).style(kStyle).run().options) {
      const bool is_word = option.position_key >= 0;
      if (is_word && option.original_tokens.front().starts_with("--=")) return unknown("", flags);
      if (is_word) {
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
