#include "openai/event/chat_reply.hpp"

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

// A stream tells the reasoning first, whatever the order in a message.
void write_delta(const Value& message, json::Writer& out) {
  out.begin_object();
  const Value reasoning = message.find("reasoning_content");
  if (!reasoning.missing()) out.member_raw("reasoning_content", reasoning.raw());
  for (const Member member : message.members()) {
    if (member.key_is("tool_calls")) {
      write_tool_calls(member.value, out.key("tool_calls"));
    } else if (!member.key_is("reasoning_content")) {
      copy_member(member, out);
    }
  }
  out.end_object();
}

void write_choices(const Value& choices, json::Writer& out) {
  out.key("choices").begin_array();
  for (const Value choice : choices.elements()) {
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
  out.end_array();
}

std::string to_event(const Value& reply) {
  json::Writer out;
  out.begin_object();
  for (const Member member : reply.members()) {
    if (member.key_is("choices") && member.value.is_array()) {
      write_choices(member.value, out);
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

}  // namespace

std::optional<std::string> to_chunk(const std::string& reply) {
  const auto root = json::validate(reply);
  if (!root || !root->find("choices").is_array()) return std::nullopt;
  json::Writer out;
  out.begin_object();
  write_choices(root->find("choices"), out);
  return out.end_object().take();
}

bool has_more_results(const json::Value& reply, std::size_t most) {
  std::size_t count = 0;
  for ([[maybe_unused]] const Value result : reply.elements()) {
    if (++count > most) return true;
  }
  return false;
}

std::vector<std::string> to_events(const std::string& reply) {
  std::vector<std::string> events;
  const auto root = json::validate(reply);
  if (!root) return events;
  if (root->is_object()) events.push_back(to_event(*root));
  for (const Value result : root->elements()) events.emplace_back(result.raw());
  return events;
}

}  // namespace keep::openai
