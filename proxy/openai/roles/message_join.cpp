#include "openai/roles/message_join.hpp"

#include "base/json/json.hpp"
#include "openai/json_text.hpp"

#include <algorithm>
#include <vector>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

bool says_nothing(const Value& content) {
  return content.missing() || is_null(content) || content.raw() == R"("")";
}

void write_part(const Value& content, json::Writer& out) {
  if (content.is_string()) {
    out.begin_object().member("type", "text").member_raw("text", content.raw()).end_object();
    return;
  }
  for (const Value part : content.elements()) out.raw(part.raw());
}

// Nothing when no message says anything.
std::string joined_content(std::span<const std::string_view> messages) {
  std::vector<Value> contents;
  for (const std::string_view message : messages) {
    const Value content = Value(message).find("content");
    if (!says_nothing(content)) contents.push_back(content);
  }
  if (contents.empty()) return {};
  if (contents.size() == 1) return std::string(contents[0].raw());
  const auto is_text = [](const Value& content) { return content.is_string(); };
  if (std::ranges::all_of(contents, is_text)) {
    std::string text = "\"";
    for (const Value& content : contents) {
      if (text.size() > 1) text += "\\n\\n";
      text += escaped_bytes(content);
    }
    return text + '"';
  }
  json::Writer parts;
  parts.begin_array();
  for (const Value& content : contents) write_part(content, parts);
  return parts.end_array().take();
}

std::string joined_calls(std::span<const std::string_view> messages) {
  json::Writer calls;
  calls.begin_array();
  bool any = false;
  for (const std::string_view message : messages) {
    for (const Value call : Value(message).find("tool_calls").elements()) {
      calls.raw(call.raw());
      any = true;
    }
  }
  return any ? calls.end_array().take() : std::string();
}

}  // namespace

std::string join_messages(std::span<const std::string_view> messages, std::string_view role) {
  const std::string content = joined_content(messages), calls = joined_calls(messages);
  bool has_content = false;
  json::Writer out;
  out.begin_object();
  for (const Member member : Value(messages.front()).members()) {
    if (member.key_is("tool_calls")) continue;
    if (member.key_is("role") && !role.empty()) {
      out.member("role", role);
    } else if (member.key_is("content") && !content.empty()) {
      out.member_raw("content", content);
      has_content = true;
    } else {
      has_content |= member.key_is("content");
      copy_member(member, out);
    }
  }
  if (!has_content && !content.empty()) out.member_raw("content", content);
  if (!calls.empty()) out.member_raw("tool_calls", calls);
  return out.end_object().take();
}

}  // namespace keep::openai
