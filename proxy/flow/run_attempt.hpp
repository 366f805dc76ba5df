// run_attempt: one try upstream: connect, send, head, then relay.
#pragma once

#include "base/async/deadline.hpp"
#include "downstream/response_writer.hpp"
#include "flow/answer/client_stream.hpp"
#include "flow/attempt.hpp"
#include "flow/flow.hpp"

namespace keep {

// Retries once by itself when a reused connection turns out dead before a byte came, or the
// connect failed. Cancelling it closes the upstream connection, which stops the decode.
asio::awaitable<AttemptResult> run_attempt(Flow& flow, Exchange& exchange, Stages& stages,
                                           ResponseWriter& writer, ClientStream& stream,
                                           Deadline& deadline);

}  // namespace keep
