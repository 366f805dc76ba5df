#include "openai/chat_reply.hpp"

#include "base/json.hpp"
#include "openai/json_text.hpp"

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

// In a list of its own a tool call is told by its place, in a stream by its index.
void write_tool_calls(const Value& calls, json::Writer& out) {
  int index = 0;
  out.begin_array();
  for (const Value call : calls.elements()) {
    out.begin_object().member("index", index++);
    for (const Member member : call.members()) {
      if (!member.key_is("index")) copy_member(member, out);
    }
    out.end_object();
  }
  out.end_array();
}

void write_delta(const Value& message, json::Writer& out) {
  out.begin_object();
  for (const Member member : message.members()) {
    if (member.key_is("tool_calls")) {
      write_tool_calls(member.value, out.key("tool_calls"));
    } else {
      copy_member(member, out);
    }
  }
  out.end_object();
}

}  // namespace

std::optional<std::string> to_chunk(const std::string& reply) {
  const auto root = json::validate(reply);
  if (!root || !root->find("choices").is_array()) return std::nullopt;
  json::Writer out;
  out.begin_object().key("choices").begin_array();
  for (const Value choice : root->find("choices").elements()) {
    out.begin_object();
    for (const Member member : choice.members()) {
      if (member.key_is("message")) {
        write_delta(member.value, out.key("delta"));
      } else {
        copy_member(member, out);
      }
    }
    out.end_object();
  }
  return out.end_array().end_object().take();
}

}  // namespace keep::openai
