#include "openai/ollama/tool_calls.hpp"

#include <algorithm>

namespace keep::openai::ollama {

using json::Member;
using json::Value;

// The list is short, and the one wanted is nearly always its last.
ToolCalls::Call& ToolCalls::call_at(std::int64_t index) {
  const auto same = [&](const Call& call) { return call.index == index; };
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(), same);
  if (found != calls_.rend()) return *found;
  Call& added = calls_.emplace_back();
  added.index = index;
  return added;
}

void ToolCalls::add(const Value& part) {
  Call& call = call_at(part.find("index").integer().value_or(0));
  const Value id = part.find("id");
  if (id.is_string()) call.id = id.raw();
  for (const Member field : part.find("function").members()) {
    if (field.raw_key == "name") call.name.append(field.value);
    if (field.raw_key == "arguments") call.arguments.append(field.value);
  }
}

std::string ToolCalls::json() const {
  std::string list;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const Call& call = calls_[i];
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
