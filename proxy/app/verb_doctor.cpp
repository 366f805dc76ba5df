#include "app/verbs.hpp"

#include <ostream>

namespace keep {

int verb_doctor(const Invocation& invocation) {
  invocation.err << "llama-keep doctor: not built yet\n";
  return kExitUsage;
}

}  // namespace keep
