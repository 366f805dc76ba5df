#include "app/client/chat_flags.hpp"

#include "app/config/config_values.hpp"
#include "app/suggestion.hpp"
#include "base/config/values.hpp"
#include "base/text/format.hpp"

#include <array>
#include <ostream>

namespace keep {

namespace {

constexpr std::array<ClientFlag, 4> kCommon{{
    {"url", "URL", "Where llama-keep listens (http://127.0.0.1:8200)."},
    {"api-key-file", "PATH", "File with the API key that llama-keep asks for."},
    {"tenant", "ID", "Sent as X-Tenant-ID, for a proxy without keys."},
    {"help", "", "Print this and exit."},
}};

std::vector<ClientFlag> with_common(std::span<const ClientFlag> flags) {
  std::vector<ClientFlag> all(flags.begin(), flags.end());
  all.insert(all.end(), kCommon.begin(), kCommon.end());
  return all;
}

const ClientFlag* find(const std::vector<ClientFlag>& flags, std::string_view name) {
  for (const ClientFlag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

Error unknown(const std::string& name, const std::vector<ClientFlag>& flags) {
  std::vector<std::string> known;
  known.reserve(flags.size());
  for (const ClientFlag& flag : flags) known.emplace_back(flag.name);
  const std::string near = nearest(name, known);
  return config::bad_value("unknown flag --" + name +
                           (near.empty() ? "" : "; did you mean --" + near + "?"));
}

}  // namespace

std::string ClientLine::value(std::string_view name, std::string_view otherwise) const {
  const auto at = values.find(name);
  return at == values.end() ? std::string(otherwise) : at->second;
}

Result<ClientLine> parse_client_line(const std::vector<std::string>& arguments,
                                     std::span<const ClientFlag> flags) {
  const std::vector<ClientFlag> all = with_common(flags);
  ClientLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      line.words.insert(line.words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                        arguments.end());
      break;
    }
    if (!argument.starts_with("--")) {
      line.words.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string name = argument.substr(2, has_value ? equals - 2 : argument.npos);
    const ClientFlag* const flag = find(all, name);
    if (flag == nullptr) return unknown(name, all);
    if (flag->value.empty()) {
      if (has_value) return config::bad_value("--" + name + " takes no value");
      line.switches.insert(name);
    } else if (has_value) {
      line.values[name] = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      line.values[name] = arguments[++i];
    } else {
      return config::bad_value("--" + name + " needs a value");
    }
  }
  return line;
}

void print_client_flags(std::ostream& out, std::span<const ClientFlag> flags) {
  out << "Flags:\n";
  for (const ClientFlag& flag : with_common(flags)) {
    std::string left = "  --" + std::string(flag.name);
    if (!flag.value.empty()) left.append(" ").append(flag.value);
    out << fmt::format("{:<25} {}\n", left, flag.help);
  }
}

}  // namespace keep
