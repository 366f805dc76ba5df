#include "plugins/recall/ask/message_text.hpp"

#include "base/json/json.hpp"
#include "openai/request/message.hpp"

namespace keep::recall {

namespace {

void append_line(std::string& out, std::string_view line) {
  if (line.empty()) return;
  if (!out.empty()) out += '\n';
  out += line;
}

void append_call(std::string& out, const json::Value& function) {
  std::string call = function.find("name").string().value_or("");
  const auto arguments = function.find("arguments").string();
  if (arguments) call.append(call.empty() ? "" : " ").append(*arguments);
  append_line(out, call);
}

}  // namespace

std::string message_text(std::string_view json) {
  const json::Value message(json);
  std::string text = openai::content_text(message.find("content"));
  for (const json::Value call : message.find("tool_calls").elements()) {
    append_call(text, call.find("function"));
  }
  const std::string_view type = message.find("type").plain_string().value_or("");
  if (type == "function_call") append_call(text, message);
  if (type == "function_call_output") {
    append_line(text, message.find("output").string().value_or(""));
  }
  return text;
}

}  // namespace keep::recall
