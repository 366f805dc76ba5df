// Flags: what follows a verb on the command line, read by the table of flags that the verb has. The
// only door to Boost.Program_options. Pure.
#pragma once

#include "base/result.hpp"

#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {

struct Flag {
  std::string name;   // without the dashes
  std::string value;  // what --help calls its value; empty: a switch
  std::string help;
};

struct FlagLine {
  std::vector<std::pair<std::string, std::string>> values;  // in the order given
  std::set<std::string, std::less<>> switches;
  std::vector<std::string> words;

  bool has(std::string_view name) const;  // switch or value
  // The last one given counts.
  std::string value(std::string_view name, std::string_view otherwise = "") const;
};

// "--name value" and "--name=value" are the same, but for an empty value: "--name=" is refused, as
// that is what an unset variable leaves of "--name=$VALUE". Flags and words may be mixed; all is
// words after "--". Refused: unknown flags (with the nearest known one; none is guessed), a flag
// without its value, a switch with one.
Result<FlagLine> parse_flags(const std::vector<std::string>& arguments,
                             const std::vector<Flag>& flags);

// The flags with their help, below the title, in lines of at most 80 characters.
void print_flags(std::ostream& out, const std::string& title, const std::vector<Flag>& flags);

}  // namespace keep
