// A reply that did not stream, as the events of a stream. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace keep::openai {

// The data of a chunk with the messages of all choices, and how they ended; no usage, no timings.
// Nothing when `reply` is no chat completion.
std::optional<std::string> to_chunk(const std::string& reply);

// The data of the events that say all that `reply` says: a chat completion becomes one chunk, each
// result of a list one event, any other object is its own. None when it is no JSON.
std::vector<std::string> to_events(const std::string& reply);

}  // namespace keep::openai
