// Outcome: how an exchange ended. Handed to on_finish.
#pragma once

#include "base/error.hpp"

#include <optional>

namespace keep {

struct Outcome {
  int status = 0;              // sent to the client; 499 when it left before a head was sent
  std::optional<Error> error;  // what ended it early, if anything did
  bool local = false;          // answered here, upstream never asked
};

}  // namespace keep
