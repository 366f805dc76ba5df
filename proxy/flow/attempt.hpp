// Attempt: one try upstream for an exchange, and how it ends.
#pragma once

#include "base/error.hpp"

namespace keep {

inline constexpr int kMaxAttempts = 4;  // of one exchange; servers that failed it do not count

enum class AttemptEnd {
  kDone,      // the client has its whole answer
  kFailed,    // see the error; the head may have been sent
  kSilent,    // see the error; the server failed before a word of an answer: another may be asked
  kResubmit,  // a plugin wants another attempt
};

struct AttemptResult {
  AttemptEnd end = AttemptEnd::kFailed;
  Error error;
};

// The connection to upstream has failed. `begun`: something of its answer has come.
AttemptResult broken(Error error, bool begun);

}  // namespace keep
