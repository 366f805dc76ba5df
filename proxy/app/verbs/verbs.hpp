// Verbs: the words after `llama-keep`. Each is one small file, verb_*.cpp, which declares it: what
// it does, its flags, its help. verbs.cpp has the list.
#pragma once

#include "app/config/config.hpp"
#include "app/flags.hpp"
#include "base/error.hpp"

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

inline constexpr int kExitOk = 0, kExitProblem = 1, kExitUsage = 2;

struct Invocation {
  std::vector<std::string> arguments;  // the verb and what follows it
  NamedValues environment;
  std::ostream& out;
  std::ostream& err;
};

struct Verb {
  std::string_view name;
  std::string_view summary;  // for the list of verbs
  std::string_view usage;    // --help says it above the flags
  std::vector<Flag> flags;   // --help is one of them
  bool configured = false;   // every key of the configuration is a flag, too
  bool takes_words = false;
  int (*run)(const FlagLine&, const Invocation&) = nullptr;  // ends in the exit code
};

// Picks the verb (the first argument) and runs it; the result is the exit code.
int run_verb(const Invocation& invocation);

// Says what went wrong with the verb that runs, and gives the code back.
int fail(const Invocation& invocation, const Error& error, int code);

Verb serve_verb();
Verb doctor_verb();
Verb chat_verb();
Verb conversations_verb();
Verb knowledge_verb();
Verb version_verb();

}  // namespace keep
