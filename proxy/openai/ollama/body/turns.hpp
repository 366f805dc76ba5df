// Messages of Ollama -> messages of a chat.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

namespace keep::openai::ollama {

// Writes the array of a chat's messages.
Result<> write_messages(const json::Value& messages, json::Writer& out);

// Writes the array that a prompt stands for: a system message, if there is one, and a user's.
Result<> write_prompt(const json::Value& system, const json::Value& prompt,
                      const json::Value& images, json::Writer& out);

}  // namespace keep::openai::ollama
