// Flags of the verbs that talk to a running llama-keep: chat, conversations, knowledge. Pure.
//
// They know no configuration keys: the server they ask may be anywhere.
#pragma once

#include "base/result.hpp"

#include <iosfwd>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

struct ClientFlag {
  std::string_view name;
  std::string_view value;  // what --help calls its value; empty: a switch
  std::string_view help;
};

struct ClientLine {
  std::map<std::string, std::string, std::less<>> values;  // the last one given counts
  std::set<std::string, std::less<>> switches;             // "help" is known to every verb
  std::vector<std::string> words;

  std::string value(std::string_view name, std::string_view otherwise = "") const;
};

// `flags` besides those of every client verb: --url, --api-key-file, --tenant, --help. Flags and
// words may be mixed; all is words after "--". Refused: unknown flags (with the nearest known one),
// a flag without its value, a switch with one.
Result<ClientLine> parse_client_line(const std::vector<std::string>& arguments,
                                     std::span<const ClientFlag> flags);
void print_client_flags(std::ostream& out, std::span<const ClientFlag> flags);

}  // namespace keep
