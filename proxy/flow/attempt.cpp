#include "flow/attempt.hpp"

#include <utility>

namespace keep {

// What was cut short has not failed.
AttemptResult broken(Error error, bool begun) {
  const bool silent = !begun && error.fault != Fault::kCancelled;
  return AttemptResult{silent ? AttemptEnd::kSilent : AttemptEnd::kFailed, std::move(error)};
}

}  // namespace keep
