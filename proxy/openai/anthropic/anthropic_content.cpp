#include "openai/anthropic/anthropic_content.hpp"

#include "openai/anthropic/anthropic.hpp"
#include "openai/json_text.hpp"

namespace keep::openai::anthropic {

namespace {

using json::Member;
using json::Value;

void append_raw_text_part(std::string_view literal, json::Writer& out) {
  out.begin_object().member("type", "text").member_raw("text", literal).end_object();
}

void append_image_part(std::string_view url_literal, json::Writer& out) {
  out.begin_object().member("type", "image_url").key("image_url").begin_object();
  out.member_raw("url", url_literal).end_object().end_object();
}

struct Source {
  Value type, media_type, data, url, content;
};

Source read_source(const Value& block) noexcept {
  Source source;
  for (const Member member : block.find("source").members()) {
    if (member.key_is("type")) source.type = member.value;
    if (member.key_is("media_type")) source.media_type = member.value;
    if (member.key_is("data")) source.data = member.value;
    if (member.key_is("url")) source.url = member.value;
    if (member.key_is("content")) source.content = member.value;
  }
  return source;
}

std::string_view word(const Value& value) noexcept {
  return value.plain_string().value_or(std::string_view());
}

Result<> append_image(const Value& block, std::string_view where, json::Writer& out) {
  const Source source = read_source(block);
  if (word(source.type) == "url" && source.url.is_string()) {
    append_image_part(source.url.raw(), out);
    return {};
  }
  if (word(source.type) != "base64") {
    append_text_part(kImageLeftOut, out);
    return {};
  }
  if (!source.media_type.is_string() || !source.data.is_string()) {
    return bad_request(where, "source needs media_type and data");
  }
  std::string literal;
  literal.reserve(source.data.raw().size() + 64);
  literal += "\"data:";
  literal += escaped_bytes(source.media_type);
  literal += ";base64,";
  literal += escaped_bytes(source.data);
  literal += '"';
  append_image_part(literal, out);
  return {};
}

Result<> append_document(const Value& block, std::string_view where, json::Writer& out) {
  const Source source = read_source(block);
  const Value title = block.find("title");
  if (title.is_string()) append_raw_text_part(title.raw(), out);
  if (word(source.type) == "text" && source.data.is_string()) {
    append_raw_text_part(source.data.raw(), out);
  } else if (source.content.is_string()) {
    append_raw_text_part(source.content.raw(), out);
  } else if (source.content.is_array()) {
    for (const Value part : source.content.elements()) {
      auto done = append_parts(part, where, out);
      if (!done) return done;
    }
  } else {
    append_text_part(kDocumentLeftOut, out);
  }
  return {};
}

Result<> append_search_result(const Value& block, std::string_view where, json::Writer& out) {
  for (const char* key : {"title", "source"}) {
    const Value text = block.find(key);
    if (text.is_string()) append_raw_text_part(text.raw(), out);
  }
  for (const Value part : block.find("content").elements()) {
    auto done = append_parts(part, where, out);
    if (!done) return done;
  }
  return {};
}

// Cache marks move from turn to turn; nothing of them may reach the prompt.
void append_unknown(const Value& block, json::Writer& out) {
  json::Writer text;
  text.begin_object();
  for (const Member member : block.members()) {
    if (!member.key_is("cache_control")) copy_member(member, text);
  }
  append_text_part(text.end_object().str(), out);
}

}  // namespace

Error bad_request(std::string_view where, std::string_view what) {
  std::string detail(where);
  detail += ": ";
  detail += what;
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

std::string element_of(std::string_view where, std::size_t index) {
  return std::string(where) + '[' + std::to_string(index) + ']';
}

std::string_view type_of(const Value& block) noexcept {
  const Value type = block.find("type");
  return type.missing() ? std::string_view("text") : word(type);
}

void append_text_part(std::string_view text, json::Writer& out) {
  append_raw_text_part(json::quoted(text), out);
}

Result<> append_parts(const Value& block, std::string_view where, json::Writer& out) {
  if (!block.is_object()) return bad_request(where, "must be an object");
  const std::string_view type = type_of(block);
  if (type == "image") return append_image(block, where, out);
  if (type == "document") return append_document(block, where, out);
  if (type == "search_result") return append_search_result(block, where, out);
  if (type != "text") {
    append_unknown(block, out);
    return {};
  }
  const Value text = block.find("text");
  if (is_null(text)) return {};  // nothing is said
  if (!text.is_string()) return bad_request(where, "text must be a string");
  append_raw_text_part(text.raw(), out);
  return {};
}

}  // namespace keep::openai::anthropic
