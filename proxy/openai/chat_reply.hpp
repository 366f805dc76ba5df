// A chat completion that did not stream, as one chunk of a stream. Pure.
#pragma once

#include <optional>
#include <string>

namespace keep::openai {

// The data of a chunk with the messages of all choices, and how they ended; no usage, no timings.
// Nothing when `reply` is no chat completion.
std::optional<std::string> to_chunk(const std::string& reply);

}  // namespace keep::openai
