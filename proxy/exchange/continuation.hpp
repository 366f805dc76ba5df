// Continuation: an answer that was cut short while the client was reading it, and is given anew
// from some place on by the next attempt. The client sees one answer.
#pragma once

#include "base/time/clock.hpp"

#include <cstdint>
#include <string>

namespace keep {

// Written by the core, but for `as_completion`.
struct Continuation {
  std::string text;         // of the answer: what the client has, and the attempt goes on from
  std::int64_t tokens = 0;  // of it, counted in events
  std::string withheld;     // text that followed and was kept from the client
  // The attempt to give a better answer failed: this one goes on where the first one stopped, and
  // `text` ends with what had been withheld.
  bool withdrawn = false;
  // hedge, for this attempt: upstream is asked at /completion, and its events are turned into
  // those of a chat.
  bool as_completion = false;

  int resubmits = 0;
  std::int64_t wasted_tokens = 0;  // generated and withheld for good
  Instant paused{};                // when the first answer was stopped
  Duration added{};                // time until the next one went on, all resubmits
};

}  // namespace keep
