#include "app/verbs/verbs.hpp"

#include "app/suggestion.hpp"
#include "app/verbs/setting_flags.hpp"
#include "base/config/values.hpp"
#include "base/text/format.hpp"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace keep {

namespace {

std::vector<Verb> all_verbs() {
  return {serve_verb(),         doctor_verb(),    chat_verb(),
          conversations_verb(), knowledge_verb(), version_verb()};
}

void print_usage(std::ostream& out, const std::vector<Verb>& verbs) {
  out << "llama-keep: a reverse proxy that keeps every conversation on a slot of its\n"
         "own in llama-server\n\nusage: llama-keep VERB [FLAGS]\n\n";
  for (const Verb& verb : verbs) out << fmt::format("  {:<15}{}\n", verb.name, verb.summary);
  out << "\nllama-keep VERB --help tells the flags. To start:\n"
         "  llama-keep serve --upstream http://127.0.0.1:8080\n"
         "Exit codes: 0 ok, 1 a problem was found, 2 wrong usage.\n";
}

void print_help(std::ostream& out, const Verb& verb, bool settings) {
  out << verb.usage << "\n";
  print_flags(out, "Flags", verb.flags);
  if (!verb.configured) return;
  out << "\n";
  if (settings) return print_flags(out, "Settings, with their defaults", setting_flags());
  out << "Every key of the configuration is a flag, too: --SECTION.KEY VALUE, or\n"
         "LLAMA_KEEP_SECTION_KEY in the environment. --help-all lists them.\n";
}

int run(const Verb& verb, const Invocation& invocation) {
  std::vector<Flag> flags = verb.flags;
  if (verb.configured) {
    for (Flag& setting : setting_flags()) flags.push_back(std::move(setting));
  }
  const std::vector<std::string> after(invocation.arguments.begin() + 1,
                                       invocation.arguments.end());
  const auto line = parse_flags(after, flags);
  if (!line) return fail(invocation, line.error(), kExitUsage);
  const bool all = line->has("help-all");
  if (all || line->has("help")) {
    print_help(invocation.out, verb, all);
    return kExitOk;
  }
  if (!verb.takes_words && !line->words.empty()) {
    const Error error = config::bad_value("unexpected word \"" + line->words.front() + "\"");
    return fail(invocation, error, kExitUsage);
  }
  return verb.run(*line, invocation);
}

}  // namespace

int fail(const Invocation& invocation, const Error& error, int code) {
  invocation.err << "llama-keep " << invocation.arguments.front() << ": " << error.detail << "\n";
  return code;
}

int run_verb(const Invocation& invocation) {
  const std::vector<Verb> verbs = all_verbs();
  if (invocation.arguments.empty()) {
    print_usage(invocation.err, verbs);
    return kExitUsage;
  }
  std::string name = invocation.arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(invocation.out, verbs);
    return kExitOk;
  }
  if (name == "--version") name = "version";
  std::vector<std::string> known;
  for (const Verb& verb : verbs) {
    if (verb.name == name) return run(verb, invocation);
    known.emplace_back(verb.name);
  }
  invocation.err << "llama-keep: unknown verb " << name << suggestion(name, known)
                 << "\nllama-keep --help lists the verbs\n";
  return kExitUsage;
}

}  // namespace keep
