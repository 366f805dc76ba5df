// run_attempt: one try upstream: connect, send, head, then relay.
#pragma once

#include "base/async/deadline.hpp"
#include "downstream/response_writer.hpp"
#include "flow/answer/client_stream.hpp"
#include "flow/flow.hpp"

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

// The request as upstream gets it, with all edits: views into the exchange, and the head for a body
// of that size.
Result<openai::Pieces> upstream_body(const Exchange& exchange);
std::string upstream_head(const Flow& flow, const Exchange& exchange, std::size_t body_bytes);

// Retries once by itself when a reused connection turns out dead before a byte came, or the
// connect failed. Cancelling it closes the upstream connection, which stops the decode.
asio::awaitable<AttemptResult> run_attempt(Flow& flow, Exchange& exchange, Stages& stages,
                                           ResponseWriter& writer, ClientStream& stream,
                                           Deadline& deadline);

}  // namespace keep
