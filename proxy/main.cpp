// argv -> verb -> exit code.
#include "app/verbs/verbs.hpp"
#include "base/os/open_files.hpp"

#include <unistd.h>

#include <iostream>
#include <string>

// What jemalloc goes by, which looks for a variable of this name. Bodies of a megabyte come and go:
// their pages stay for a minute instead of being given back and touched anew, also those of blocks
// above 8 MB, which it gives back at once by itself. Then a thread of its own gives them back, so
// that an idle program does, too. One arena: what one thread lets go of serves the others.
extern "C" __attribute__((visibility("default"))) const char* const malloc_conf =
    "narenas:1,oversize_threshold:0,dirty_decay_ms:60000,background_thread:true";

int main(int argc, char** argv) {
  keep::hold_standard_descriptors();
  keep::Invocation invocation{{argv + (argc > 0 ? 1 : 0), argv + argc}, {}, std::cout, std::cerr};
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string pair = *entry;
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) continue;
    invocation.environment.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return keep::run_verb(invocation);
}
