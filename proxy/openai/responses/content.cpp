#include "openai/responses/content.hpp"

#include "openai/request/request_limits.hpp"
#include "openai/responses/responses.hpp"

namespace keep::openai::responses {

namespace {

using json::Member;
using json::Value;

struct Part {
  Value type, text, refusal, image_url, filename, audio;
};

Part read_part(const Value& value) noexcept {
  Part part;
  for (const Member member : value.members()) {
    if (member.key_is("type")) part.type = member.value;
    if (member.key_is("text")) part.text = member.value;
    if (member.key_is("refusal")) part.refusal = member.value;
    if (member.key_is("image_url")) part.image_url = member.value;
    if (member.key_is("filename")) part.filename = member.value;
    if (member.key_is("input_audio")) part.audio = member.value;
  }
  return part;
}

std::string_view word(const Value& value) noexcept {
  return value.plain_string().value_or(std::string_view());
}

// Of a part that is nothing but text; missing for others.
Value text_of(const Part& part) noexcept {
  const std::string_view type = word(part.type);
  if (type == "refusal") return part.refusal;
  const bool text = type == "input_text" || type == "output_text" || type == "text" ||
                    type == "summary_text" || type == "reasoning_text";
  return text ? part.text : Value();
}

void write_text(std::string_view literal, json::Writer& out) {
  out.begin_object().member("type", "text").member_raw("text", literal).end_object();
}

void write_image(const Part& part, json::Writer& out) {
  Value url = part.image_url;
  if (url.is_object()) url = url.find("url");
  if (!url.is_string()) return write_text(json::quoted(kImageLeftOut), out);
  out.begin_object().member("type", "image_url").key("image_url").begin_object();
  out.member_raw("url", url.raw()).end_object().end_object();
}

void write_file(const Part& part, json::Writer& out) {
  std::string text(kFileLeftOut);
  if (const auto name = part.filename.string()) text += ": " + *name;
  write_text(json::quoted(text + ']'), out);
}

Result<> write_part(const Value& value, std::string_view where, json::Writer& out) {
  if (!value.is_object()) return bad_request(where, "must hold objects");
  const Part part = read_part(value);
  const std::string_view type = word(part.type);
  if (const Value text = text_of(part); text.is_string()) {
    write_text(text.raw(), out);
  } else if (type == "input_image" || type == "image_url") {
    write_image(part, out);
  } else if (type == "input_file") {
    write_file(part, out);
  } else if (type == "input_audio" && part.audio.is_object()) {
    out.raw(value.raw());
  } else {
    write_text(json::quoted(value.raw()), out);
  }
  return {};
}

}  // namespace

Result<> write_content(const Value& content, std::string_view where, json::Writer& out) {
  if (content.is_string()) {
    out.raw(content.raw());
    return {};
  }
  if (content.missing() || is_null(content)) {
    out.string("");
    return {};
  }
  if (!content.is_array()) return bad_request(where, "must be a string or an array");
  if (holds_more(content, RequestLimits::kParts)) return too_many(where, RequestLimits::kParts);
  out.begin_array();
  for (const Value part : content.elements()) {
    auto done = write_part(part, where, out);
    if (!done) return done;
  }
  out.end_array();
  return {};
}

void append_text(const Value& content, JsonText& out) {
  if (out.append(content)) return;
  for (const Value value : content.elements()) out.append(text_of(read_part(value)));
}

}  // namespace keep::openai::responses
