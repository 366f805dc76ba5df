#include "openai/ollama/tool_calls.hpp"

namespace keep::openai::ollama {

using json::Member;
using json::Value;

void ToolCalls::add(const Value& part) {
  Call& call = calls_.at(part.find("index").integer().value_or(0));
  const Value id = part.find("id");
  if (id.is_string()) call.id = id.raw();
  for (const Member field : part.find("function").members()) {
    if (field.raw_key == "name") call.name.append(field.value);
    if (field.raw_key == "arguments") call.arguments.append(field.value);
  }
}

std::string ToolCalls::json() const {
  std::string list;
  std::size_t position = 0;
  for (const Call& call : calls_) {
    const std::size_t i = position++;
    std::string arguments = call.arguments.decoded();
    if (arguments.empty()) arguments = "{}";
    const auto root = json::validate(arguments);
    if (!root || !root->is_object()) continue;
    std::erase(arguments, '\n');  // JSON has them between its words only, and a line must not
    std::erase(arguments, '\r');
    json::Writer one;
    one.begin_object();
    if (!call.id.empty()) one.member_raw("id", call.id);
    one.key("function").begin_object().member("index", i);
    call.name.write(one.key("name"));
    one.member_raw("arguments", arguments).end_object().end_object();
    list.append(list.empty() ? "" : ",").append(one.str());
  }
  return list;
}

}  // namespace keep::openai::ollama
