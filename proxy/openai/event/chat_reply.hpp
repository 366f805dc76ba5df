// A reply that did not stream, as the events of a stream. Pure.
#pragma once

#include "base/json/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace keep::openai {

// The data of a chunk with the messages of all choices, and how they ended; no usage, no timings.
// Nothing when `reply` is no chat completion.
std::optional<std::string> to_chunk(const std::string& reply);

// A list of more results than that. Looks at no more of them.
bool has_more_results(const json::Value& reply, std::size_t most);

// The data of the events that say all that `reply` says: a chat completion becomes one chunk, each
// result of a list one event, any other object is its own. None when it is no JSON.
std::vector<std::string> to_events(const std::string& reply);

}  // namespace keep::openai
