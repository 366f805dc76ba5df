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

}  // namespace

int verb_version(const Invocation& invocation) {
  const bool help = !invocation.arguments.empty() && invocation.arguments.front() == "--help";
  if (help) {
    invocation.out << "usage: llama-keep version\nPrints the version, the oldest supported "
                      "llama-server, and the kind of build.\n";
    return kExitOk;
  }
  if (!invocation.arguments.empty()) {
    invocation.err << "llama-keep version: unexpected word " << invocation.arguments.front()
                   << "\n";
    return kExitUsage;
  }
  invocation.out << "llama-keep " << KEEP_VERSION << " (" << kBuildType
                 << " build), for llama-server " << kMinimumEngine << " (build " << kMinimumBuild
                 << ") or newer\n";
  return kExitOk;
}

}  // namespace keep
