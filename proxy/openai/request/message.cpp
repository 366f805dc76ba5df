#include "openai/request/message.hpp"

#include "base/hash.hpp"
#include "base/text/ids.hpp"
#include "openai/json_text.hpp"
#include "openai/request/request_limits.hpp"

#include <utility>
#include <vector>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

// The members of a message that we read, found in one pass.
struct Fields {
  Value raw;  // all of it
  Value role, content, tool_calls, tool_call_id;
};

Value* slot_of(Fields& fields, const Member& member) noexcept {
  if (member.key_is("role")) return &fields.role;
  if (member.key_is("content")) return &fields.content;
  if (member.key_is("tool_calls")) return &fields.tool_calls;
  if (member.key_is("tool_call_id")) return &fields.tool_call_id;
  return nullptr;
}

Result<Fields> read_fields(json::Cursor& cursor, std::string_view where) {
  if (cursor.type() != json::Type::kObject) return bad_request(where, "must be an object");
  const char* const begin = cursor.place();
  Fields fields;
  cursor.enter();
  for (Member member; cursor.next_key(member.raw_key);) {
    member.value = cursor.take();
    Value* const slot = slot_of(fields, member);
    if (slot == nullptr) continue;
    if (!slot->missing()) {
      return bad_request(std::string(where) + '.' + std::string(member.raw_key), "appears twice");
    }
    *slot = member.value;
  }
  if (holds_more(fields.content, RequestLimits::kParts)) {
    return too_many(std::string(where) + ".content", RequestLimits::kParts);
  }
  if (holds_more(fields.tool_calls, RequestLimits::kCalls)) {
    return too_many(std::string(where) + ".tool_calls", RequestLimits::kCalls);
  }
  fields.raw = Value(std::string_view(begin, static_cast<std::size_t>(cursor.place() - begin)));
  return fields;
}

std::string text_of(const Value& value) { return value.string().value_or(std::string()); }

Value text_of_part(const Value& part) {
  Value type, text;
  for (const Member member : part.members()) {
    if (member.key_is("type")) type = member.value;
    if (member.key_is("text")) text = member.value;
  }
  const std::string_view name = type.plain_string().value_or(std::string_view());
  const bool known = name == "text" || name == "input_text" || name == "output_text";
  return known && text.is_string() ? text : Value();
}

struct Text {
  std::string_view text;  // of the body where nothing had to be decoded
  std::string decoded;
  bool whole = true;      // nothing but text was there
  std::size_t media = 0;  // parts that were no text
};

void read_string(const Value& content, Text& out) {
  if (const auto plain = content.plain_string()) {
    out.text = *plain;
    return;
  }
  out.decoded = text_of(content);
  out.text = out.decoded;
}

void read_parts(const Value& content, Text& out) {
  bool any = false;
  for (const Value part : content.elements()) {
    const Value text = text_of_part(part);
    if (text.missing()) {
      out.whole = false;
      ++out.media;
      continue;
    }
    if (std::exchange(any, true)) out.decoded += '\n';
    out.decoded += text_of(text);
  }
  out.text = out.decoded;
}

// Fills `out` in place: the view may point into it.
void read_text(const Value& content, Text& out) {
  const json::Type type = content.type();
  if (type == json::Type::kString) return read_string(content, out);
  if (type == json::Type::kArray) return read_parts(content, out);
  out.whole = type == json::Type::kMissing || type == json::Type::kNull;
}

// A string and the same text as parts hash alike; pictures and the like count by their bytes.
std::uint64_t plain_hash(std::string_view role, const Text& text, const Value& content,
                         std::string_view tool_call_id) {
  const std::uint64_t body = text.whole ? hash64(text.text) : hash64(content.raw(), 1);
  return hash_combine(hash_combine(hash64(role), body), hash64(tool_call_id));
}

std::vector<std::string> names_of_calls(const Value& tool_calls) {
  std::vector<std::string> names;
  for (const Value call : tool_calls.elements()) {
    names.push_back(text_of(call.find("function").find("name")));
  }
  return names;
}

Message make_message(std::string role, const Fields& fields) {
  Message message;
  Text text;
  read_text(fields.content, text);
  message.raw = fields.raw;
  message.raw_hash = bytes_hash(fields.raw.raw());
  message.content = fields.content;
  message.text_bytes = text.text.size();
  message.media = text.media;
  message.calls = !inner_of_array(fields.tool_calls).empty();
  if (fields.tool_calls.is_array()) message.text_bytes += fields.tool_calls.raw().size();
  if (role == "assistant") {
    message.hash = answer_hash(text.text, names_of_calls(fields.tool_calls));
  } else {
    message.hash = plain_hash(role, text, fields.content, text_of(fields.tool_call_id));
  }
  message.role = std::move(role);
  return message;
}

}  // namespace

Result<Message> read_chat_message(json::Cursor& cursor, std::string_view where) {
  const auto fields = read_fields(cursor, where);
  if (!fields) return fields.error();
  auto role = fields->role.string();
  if (!role) return bad_request(std::string(where) + ".role", "must be a string");
  return make_message(*std::move(role), *fields);
}

Result<Message> read_chat_message(const Value& raw, std::string_view where) {
  json::Cursor cursor(raw.raw());
  return read_chat_message(cursor, where);
}

Message message_of_prompt(const Value& prompt) {
  Fields fields;
  fields.raw = fields.content = prompt;
  Message message = make_message("user", fields);
  message.media = 0;
  if (prompt.is_object()) {  // llama-server's own: a text, and media for the marks in it
    message.text_bytes = text_of(prompt.find("prompt_string")).size();
    for ([[maybe_unused]] const Value one : prompt.find("multimodal_data").elements()) {
      ++message.media;
    }
  } else if (!prompt.is_string()) {
    message.text_bytes = prompt.raw().size();
  }
  return message;
}

std::uint64_t bytes_hash(std::string_view json) noexcept {
  static const std::uint64_t seed = random64();
  return hash64(json, seed);
}

std::string content_text(const Value& content) {
  Text text;
  read_text(content, text);
  return std::string(text.text);
}

std::uint64_t answer_hash(std::string_view text, std::span<const std::string> tool_names) {
  std::uint64_t hash = hash_combine(hash64("assistant"), hash64(normalized_answer(text)));
  for (const std::string& name : tool_names) hash = hash_combine(hash, hash64(name));
  return hash;
}

}  // namespace keep::openai
