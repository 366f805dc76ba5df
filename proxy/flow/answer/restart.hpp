// PauseVerdict: the books of an answer that is stopped and goes on in another attempt. Pure.
#pragma once

#include "flow/answer/client_stream.hpp"

namespace keep {

// The answer is given anew from where the client has it. `paused`: since when nothing was read.
void stop_answer(Exchange& exchange, ClientStream& stream, Instant paused);

// The first output of the attempt that goes on: what was withheld is lost for good.
void resume_answer(Exchange& exchange, ClientStream& stream, Instant now);

// The attempt that was to go on failed before it had any output: the next one goes on where the
// answer before stopped. False: nothing to be withdrawn.
bool withdraw(Exchange& exchange, ClientStream& stream);

}  // namespace keep
