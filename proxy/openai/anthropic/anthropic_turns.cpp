#include "openai/anthropic/anthropic_turns.hpp"

#include "openai/anthropic/anthropic_content.hpp"
#include "openai/json_text.hpp"
#include "openai/request/request_limits.hpp"

#include <string>
#include <string_view>

namespace keep::openai::anthropic {

namespace {

using json::Member;
using json::Value;

// {"role":ROLE,"content":...} with the content as it came, or its blocks as parts. Parts stay
// parts even when there is only one: templates join them with a line feed, so a client that
// changes between a string and one block changes nothing.
Result<> write_plain(std::string_view role, const Value& content, std::string_view where,
                     json::Writer& out) {
  out.begin_object().member("role", role).key("content");
  if (content.is_string()) {
    out.raw(content.raw());
  } else {
    out.begin_array();
    std::size_t index = 0;
    for (const Value block : content.elements()) {
      auto done = append_parts(block, element_of(where, index++), out);
      if (!done) return done;
    }
    out.end_array();
  }
  out.end_object();
  return {};
}

Result<> write_system(const Value& system, json::Writer& out) {
  if (system.missing() || is_null(system)) return {};
  // An empty system prompt is none; a message for it would change the template's default.
  if (system.is_string() && escaped_bytes(system).empty()) return {};
  if (system.is_array() && inner_of_array(system).empty()) return {};
  if (!system.is_string() && !system.is_array()) {
    return bad_request("system", "must be a string or an array of blocks");
  }
  return write_plain("system", system, "system", out);
}

Result<> write_tool_result(const Value& block, std::string_view where, json::Writer& out) {
  Value id, content;
  bool failed = false;
  for (const Member member : block.members()) {
    if (member.key_is("tool_use_id")) id = member.value;
    if (member.key_is("content")) content = member.value;
    if (member.key_is("is_error")) failed = member.value.boolean().value_or(false);
  }
  if (!id.is_string()) return bad_request(where, "tool_use_id must be a string");
  out.begin_object().member("role", "tool").member_raw("tool_call_id", id.raw()).key("content");
  if (content.is_string() && !failed) {
    out.raw(content.raw()).end_object();
    return {};
  }
  // The chat API has no mark for a failed call, so the text says it.
  out.begin_array();
  if (failed) append_text_part("Error:", out);
  if (content.is_string()) {
    out.begin_object().member("type", "text").member_raw("text", content.raw()).end_object();
  }
  std::size_t index = 0;
  for (const Value part : content.elements()) {
    auto done = append_parts(part, element_of(where, index++), out);
    if (!done) return done;
  }
  out.end_array().end_object();
  return {};
}

// The results come first, each as a message of its own, whatever their place in the turn: a chat
// template wants them right after the calls.
Result<> write_user(const Value& content, std::string_view where, json::Writer& out) {
  bool results = false, others = false;
  std::size_t index = 0;
  for (const Value block : content.elements()) {
    if (type_of(block) == "tool_result") {
      results = true;
      auto done = write_tool_result(block, element_of(where, index), out);
      if (!done) return done;
    } else {
      others = true;
    }
    ++index;
  }
  if (results && !others) return {};
  if (!results) return write_plain("user", content, where, out);
  out.begin_object().member("role", "user").key("content").begin_array();
  index = 0;
  for (const Value block : content.elements()) {
    const std::string place = element_of(where, index++);
    if (type_of(block) == "tool_result") continue;
    auto done = append_parts(block, place, out);
    if (!done) return done;
  }
  out.end_array().end_object();
  return {};
}

struct AssistantTurn {
  JsonText text, thinking;
  json::Writer calls;  // elements of tool_calls
  json::Writer parts;  // what is neither, as parts
};

Result<> add_tool_use(const Value& block, std::string_view where, json::Writer& calls) {
  Value id, name, input;
  for (const Member member : block.members()) {
    if (member.key_is("id")) id = member.value;
    if (member.key_is("name")) name = member.value;
    if (member.key_is("input")) input = member.value;
  }
  if (!id.is_string() || !name.is_string()) return bad_request(where, "needs an id and a name");
  calls.begin_object().member_raw("id", id.raw()).member("type", "function");
  calls.key("function").begin_object().member_raw("name", name.raw());
  calls.member("arguments", input.is_object() ? input.raw() : std::string_view("{}"));
  calls.end_object().end_object();
  return {};
}

Result<> add_block(const Value& block, std::string_view where, AssistantTurn& turn) {
  if (!block.is_object()) return bad_request(where, "must be an object");
  const std::string_view type = type_of(block);
  if (type == "tool_use") return add_tool_use(block, where, turn.calls);
  if (type == "redacted_thinking") return {};  // encrypted by somebody else
  if (type == "thinking") {
    const Value thinking = block.find("thinking");
    const bool told = turn.thinking.append(thinking) || thinking.missing() || is_null(thinking);
    return told ? Result<>() : bad_request(where, "thinking must be a string");
  }
  if (type == "text") {
    // No line feed between: the model wrote this as one text.
    const Value text = block.find("text");
    const bool told = turn.text.append(text) || is_null(text);
    return told ? Result<>() : bad_request(where, "text must be a string");
  }
  return append_parts(block, where, turn.parts);
}

Result<> write_assistant(const Value& content, std::string_view where, json::Writer& out) {
  AssistantTurn turn;
  turn.calls.begin_array();
  turn.parts.begin_array();
  const std::size_t nothing = turn.calls.str().size();
  std::size_t index = 0;
  for (const Value block : content.elements()) {
    auto done = add_block(block, element_of(where, index++), turn);
    if (!done) return done;
  }
  out.begin_object().member("role", "assistant").key("content");
  if (turn.parts.str().size() > nothing) {
    if (!turn.text.empty()) {
      turn.parts.begin_object().member("type", "text");
      turn.text.write(turn.parts.key("text"));
      turn.parts.end_object();
    }
    out.raw(turn.parts.end_array().str());
  } else {
    turn.text.write(out);
  }
  if (!turn.thinking.empty()) turn.thinking.write(out.key("reasoning_content"));
  if (turn.calls.str().size() > nothing) {
    out.member_raw("tool_calls", turn.calls.end_array().str());
  }
  out.end_object();
  return {};
}

Result<> write_turn(const Value& message, std::string_view where, json::Writer& out) {
  Value role, content;
  for (const Member member : message.members()) {
    Value* const field = member.key_is("role")      ? &role
                         : member.key_is("content") ? &content
                                                    : nullptr;
    if (field == nullptr) continue;
    if (!field->missing()) return bad_request(where, "a field appears twice");
    *field = member.value;
  }
  const std::string_view name = role.plain_string().value_or(std::string_view());
  if (name != "user" && name != "assistant" && name != "system") {
    return bad_request(where, "role must be user, assistant or system");
  }
  // As llama-server takes them: no content is no turn, and null is an empty one.
  if (content.missing() && name == "assistant") return {};
  if (is_null(content)) content = Value(R"("")");
  const std::string place = std::string(where) + ".content";
  if (!content.is_string() && !content.is_array()) {
    return bad_request(place, "must be a string or an array of blocks");
  }
  if (holds_more(content, RequestLimits::kParts)) return too_many(place, RequestLimits::kParts);
  if (content.is_string() || name == "system") return write_plain(name, content, place, out);
  return name == "user" ? write_user(content, place, out) : write_assistant(content, place, out);
}

}  // namespace

Result<> write_messages(const Value& system, const Value& messages, json::Writer& out) {
  if (!messages.is_array()) return bad_request("messages", "must be an array");
  out.begin_array();
  auto done = write_system(system, out);
  std::size_t index = 0;
  for (const Value message : messages.elements()) {
    if (!done) return done;
    done = write_turn(message, element_of("messages", index++), out);
  }
  out.end_array();
  return done;
}

}  // namespace keep::openai::anthropic
