// Anthropic's tools and tool_choice -> those of the chat API.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

namespace keep::openai::anthropic {

// Writes the members tools, tool_choice and parallel_tool_calls, as far as there is anything to
// say. Tools that Anthropic defines (web_search_..., bash_...) carry no schema; llama-server cannot
// offer them, so they are left out. A choice of one tool leaves the others out, since
// llama-server 0.7.0 can be told to call a tool but not which one.
Result<> write_tools(const json::Value& tools, const json::Value& choice, json::Writer& out);

}  // namespace keep::openai::anthropic
