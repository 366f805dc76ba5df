#include "openai/json_text.hpp"

namespace keep::openai {

std::string_view escaped_bytes(const json::Value& text) noexcept {
  const std::string_view raw = text.raw();
  const bool whole = raw.size() >= 2 && raw.front() == '"' && raw.back() == '"';
  return whole ? raw.substr(1, raw.size() - 2) : std::string_view();
}

bool JsonText::append(const json::Value& piece) {
  if (!piece.is_string()) return false;
  escaped_ += escaped_bytes(piece);
  return true;
}

void JsonText::append_text(std::string_view text) {
  const std::string literal = json::quoted(text);
  escaped_.append(literal, 1, literal.size() - 2);
}

void JsonText::write(json::Writer& out) const {
  std::string literal;
  literal.reserve(escaped_.size() + 2);
  literal += '"';
  literal += escaped_;
  literal += '"';
  out.raw(literal);
}

std::string JsonText::decoded() const {
  const std::string literal = '"' + escaped_ + '"';
  return json::Value(literal).string().value_or(std::string());
}

void copy_member(const json::Member& member, json::Writer& out) {
  std::string key;
  key += '"';
  key += member.raw_key;
  key += "\":";
  out.raw(key).raw(member.value.raw());
}

std::string_view inner_of_array(const json::Value& array) noexcept {
  if (!array.is_array()) return {};
  std::string_view inner = array.raw();
  inner.remove_prefix(1);
  inner.remove_suffix(inner.empty() ? 0 : 1);
  return inner.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view() : inner;
}

}  // namespace keep::openai
