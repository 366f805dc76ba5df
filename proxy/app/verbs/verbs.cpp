#include "app/verbs/verbs.hpp"

#include "app/config/config_values.hpp"
#include "app/suggestion.hpp"
#include "base/text/format.hpp"

#include <array>
#include <ostream>
#include <string_view>

namespace keep {

namespace {

struct Verb {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Invocation&);
};

constexpr std::array<Verb, 6> kVerbs{{
    {"serve", "run the proxy", verb_serve},
    {"doctor", "check the configuration and every llama-server behind it", verb_doctor},
    {"chat", "talk to the model behind a running llama-keep", verb_chat},
    {"conversations", "list, show, export or end what is on record", verb_conversations},
    {"knowledge", "store and search facts", verb_knowledge},
    {"version", "print the version", verb_version},
}};

void print_usage(std::ostream& out) {
  out << "llama-keep: a reverse proxy that keeps every conversation on a slot of its\n"
         "own in llama-server\n\nusage: llama-keep VERB [FLAGS]\n\n";
  for (const Verb& verb : kVerbs) out << fmt::format("  {:<15}{}\n", verb.name, verb.summary);
  out << "\nllama-keep VERB --help tells the flags. To start:\n"
         "  llama-keep serve --upstream http://127.0.0.1:8080\n"
         "Exit codes: 0 ok, 1 a problem was found, 2 wrong usage.\n";
}

}  // namespace

int run_verb(Invocation invocation) {
  if (invocation.arguments.empty()) {
    print_usage(invocation.err);
    return kExitUsage;
  }
  std::string name = invocation.arguments.front();
  invocation.arguments.erase(invocation.arguments.begin());
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(invocation.out);
    return kExitOk;
  }
  if (name == "--version") name = "version";
  std::vector<std::string> known;
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) return verb.run(invocation);
    known.emplace_back(verb.name);
  }
  invocation.err << "llama-keep: unknown verb " << name << suggestion(name, known)
                 << "\nllama-keep --help lists the verbs\n";
  return kExitUsage;
}

}  // namespace keep
