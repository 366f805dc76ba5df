// argv -> verb -> exit code.
#include "app/verbs/verbs.hpp"
#include "base/os/open_files.hpp"

#include <unistd.h>

#include <iostream>
#include <string>

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
