// What the slots plugin changes in a request body for llama-server. Pure.
#pragma once

#include "openai/edit/body_edit.hpp"
#include "openai/request/chat_request.hpp"
#include "plugins/slots/table/isolation.hpp"

#include <optional>

namespace keep::slots {

// Whether upstream may stream an answer to a client that wants one JSON. Not where llama-server
// says something else in a stream than in a reply, or refuses to stream: token probabilities (none
// beside tools; those of a stop word, and of text that its chat parser holds back, are only in one
// of the two), and reasoning that is part of a stream's text only.
bool may_stream(const openai::ChatRequest& chat);

// Upstream streams and reports progress wherever it may: llama-server notices a client that left
// only when it has something to write. `slot`: where to pin it; empty leaves the choice as the
// client made it. `translated`: the client speaks another API. What it may reuse is the client's to
// say only where all is its own.
openai::BodyEdits upstream_edits(const openai::ChatRequest& chat, bool translated,
                                 std::optional<int> slot, Reuse reuse = Reuse::kAll);

}  // namespace keep::slots
