#include "app/doctor/minimum_engine.hpp"
#include "app/verbs/verbs.hpp"

#include <ostream>

namespace keep {

namespace {

#ifdef NDEBUG
constexpr const char* kBuildType = "release";
#else
constexpr const char* kBuildType = "debug";
#endif

int run(const FlagLine&, const Invocation& invocation) {
  invocation.out << "llama-keep " << KEEP_VERSION << " (" << kBuildType
                 << " build), for llama-server " << kMinimumEngine << " (build " << kMinimumBuild
                 << ") or newer\n";
  return kExitOk;
}

}  // namespace

Verb version_verb() {
  Verb verb;
  verb.name = "version";
  verb.summary = "print the version";
  verb.usage =
      "usage: llama-keep version\nPrints the version, the oldest supported llama-server, and the "
      "kind of build.\n";
  verb.flags = {{"help", "", "Print this and exit."}};
  verb.run = run;
  return verb;
}

}  // namespace keep
