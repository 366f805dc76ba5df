// The names of the tools that an answer calls, gathered from its events: they are part of what the
// client sends back. Pure.
#pragma once

#include "openai/event/event_info.hpp"

#include <string>
#include <vector>

namespace keep::identify {

// Appends the names that this event begins a call with. Chat chunks and Responses items.
void gather_tool_names(const openai::SseEvent& event, const openai::EventInfo& info,
                       std::vector<std::string>& names);

}  // namespace keep::identify
