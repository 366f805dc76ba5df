// Verbs: the words after `llama-keep`. Each is one small file, verb_*.cpp.
#pragma once

#include "app/config/config.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace keep {

inline constexpr int kExitOk = 0, kExitProblem = 1, kExitUsage = 2;

struct Invocation {
  std::vector<std::string> arguments;  // after the verb
  NamedValues environment;
  std::ostream& out;
  std::ostream& err;
};

// Picks the verb (the first argument) and runs it; the result is the exit code.
int run_verb(Invocation invocation);

int verb_serve(const Invocation& invocation);
int verb_doctor(const Invocation& invocation);
int verb_chat(const Invocation& invocation);
int verb_conversations(const Invocation& invocation);
int verb_knowledge(const Invocation& invocation);
int verb_version(const Invocation& invocation);

}  // namespace keep
