// Tools of the Responses API -> functions of the chat API, and the way back for calls.
//
//   function      the same function
//   custom        a function with one text, `input`; a grammar is told in its description
//   local_shell   a function with the members of its action
//   namespace     its functions, each under a name that begins with the namespace's
// Tools that only OpenAI runs are left out.
#pragma once

#include "base/json/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace keep::openai::responses {

struct Tool {
  enum class Kind { kFunction, kCustom, kLocalShell };
  Kind kind = Kind::kFunction;
  std::string flat;         // as the model knows it
  std::string name, space;  // as the client knows it; space: its namespace, or empty
  json::Value source;       // as the client described it
};

std::string flat_name(std::string_view space, std::string_view name);

// In the client's order; what cannot be offered is not among them.
std::vector<Tool> read_tools(const json::Value& tools);
const Tool* find_tool(const std::vector<Tool>& tools, std::string_view flat) noexcept;

// Writes the members tools and tool_choice of a chat body, as far as there is anything to say. A
// choice of certain tools leaves the others out: llama-server 0.7.0 can be told to call a tool but
// not which one.
void write_tools(const json::Value& tools, const json::Value& choice, json::Writer& out);

}  // namespace keep::openai::responses
