// What the slots plugin changes in a request body for llama-server. Pure.
#pragma once

#include "openai/body_edit.hpp"
#include "openai/chat_request.hpp"
#include "openai/surface.hpp"

#include <optional>

namespace keep::slots {

// Upstream always streams and reports progress: llama-server notices a client that left only when
// it has something to write. `slot`: where to pin it; empty leaves the choice as the client made
// it.
openai::BodyEdits upstream_edits(const openai::ChatRequest& chat, openai::Surface surface,
                                 std::optional<int> slot);

}  // namespace keep::slots
