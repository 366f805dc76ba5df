// Unstreamed: what upstream says in a reply that is not streamed, and only there.
//
// The chat parser of llama-server holds text back that may become a tool call, or the JSON of a
// schema. Where the answer ends in it (at max_tokens, most of all) a stream never tells that text;
// a whole reply has it as its content. So a client that wants one JSON gets it from such a reply:
// asked for on the same slot, where the prompt is cached, and for no more tokens than before.
// Without temperature 0 or a seed that reply says something else than what was held back.
#pragma once

#include "flow/answer/relay.hpp"

namespace keep {

// The stream, which is at its end, has shown nothing of tokens that were predicted.
bool held_back(const Exchange& exchange) noexcept;

// Upstream's whole reply; empty when it refuses, Fault::kTimeout when it takes longer than the
// stream did. A client that leaves cuts the connection, which such a decode does not notice: the
// few tokens are all that is wasted.
Task<std::string> ask_unstreamed(RelayContext context);

}  // namespace keep
