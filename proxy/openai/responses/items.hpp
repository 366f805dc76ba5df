// Items of the Responses API -> chat messages.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

namespace keep::openai::responses {

// Writes the array of chat messages. `instructions` may be missing; `input` is a text or a list.
Result<> write_messages(const json::Value& instructions, const json::Value& input,
                        json::Writer& out);

}  // namespace keep::openai::responses
