// The request that has an answer continued, as edits of the body. Pure.
#pragma once

#include "exchange/continuation.hpp"
#include "openai/edit/body_edit.hpp"
#include "openai/request/chat_request.hpp"

#include <string>

namespace keep::hedge {

// How a model is brought to go on with a text it has begun.
enum class Prefill {
  kChat,                 // a final assistant message is continued
  kChatWithoutThinking,  // the same, but only when the template is told not to think
  kCompletion,           // the prompt is rendered and continued at /completion
};

// For kChat and kChatWithoutThinking with the text so far as the final message (none while it is
// empty); for all, tokens spent are taken off what the client allows, but one.
openai::BodyEdits continue_edits(const openai::ChatRequest& chat, const Continuation& continuation,
                                 Prefill prefill);
// For kCompletion: `rendered` is what /apply-template made of the messages.
openai::BodyEdits completion_edits(const Continuation& continuation, std::string rendered);

}  // namespace keep::hedge
