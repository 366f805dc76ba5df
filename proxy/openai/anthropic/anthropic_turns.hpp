// Anthropic's system prompt and turns -> chat messages.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

namespace keep::openai::anthropic {

// Writes the array of chat messages. `system` may be missing.
Result<> write_messages(const json::Value& system, const json::Value& messages, json::Writer& out);

}  // namespace keep::openai::anthropic
