// ToolCalls: calls of tools, gathered from the pieces in which they come. Clients get them whole.
#pragma once

#include "base/json/json.hpp"
#include "openai/answer/indexed.hpp"
#include "openai/json_text.hpp"

#include <cstdint>
#include <string>

namespace keep::openai::ollama {

class ToolCalls {
 public:
  // An element of a delta's tool_calls.
  void add(const json::Value& part);
  // The elements of tool_calls, with the arguments as objects. A call whose arguments are none (the
  // answer was cut in them, most of all) is left out: nobody should act on half of them.
  std::string json() const;

 private:
  struct Call {
    std::int64_t index = 0;
    std::string id;  // raw JSON string
    JsonText name, arguments;
  };
  Indexed<Call> calls_;
};

}  // namespace keep::openai::ollama
