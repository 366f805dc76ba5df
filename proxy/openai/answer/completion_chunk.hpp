// Events of llama-server's /completion as those of a chat, for an answer that is continued there.
// Pure.
#pragma once

#include "openai/event/sse_event.hpp"

#include <string>

namespace keep::openai {

struct CompletionChunkOptions {
  std::string model;
  bool usage = false;  // a chunk with the usage is wanted before the end mark
};

// Appends the chunks that say what `event` says; after its last one the end mark, which
// /completion does not have. What is no completion event (an error, a comment) stays as it is.
void append_chat_chunks(const SseEvent& event, const CompletionChunkOptions& options,
                        std::string& out);

}  // namespace keep::openai
