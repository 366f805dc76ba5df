// Small tools for putting JSON together out of pieces of other JSON, without decoding them.
#pragma once

#include "base/json/json.hpp"

#include <string>
#include <string_view>

namespace keep::openai {

// A string literal grown from the pieces of other literals. The pieces stay escaped as they came,
// so a long answer costs one copy.
class JsonText {
 public:
  // Takes strings only; says whether it was one.
  bool append(const json::Value& piece);
  void append_text(std::string_view text);  // plain text, escaped here
  void append_escaped(const JsonText& other) { escaped_ += other.escaped_; }
  void append_escaped(std::string_view escaped) { escaped_ += escaped; }
  bool empty() const noexcept { return escaped_.empty(); }
  bool starts_with(const JsonText& other) const noexcept {
    return escaped_.starts_with(other.escaped_);
  }
  std::size_t size() const noexcept { return escaped_.size(); }
  void write(json::Writer& out) const;  // with quotes
  std::string decoded() const;
  const std::string& escaped() const noexcept { return escaped_; }
  void clear() noexcept { escaped_.clear(); }

 private:
  std::string escaped_;
};

// The escaped bytes between the quotes; empty for anything but a string.
std::string_view escaped_bytes(const json::Value& text) noexcept;

// Copies the member, key and value byte for byte.
void copy_member(const json::Member& member, json::Writer& out);

// The bytes between the brackets of an array; empty for anything else and for an empty array.
std::string_view inner_of_array(const json::Value& array) noexcept;

inline bool is_null(const json::Value& value) noexcept { return value.type() == json::Type::kNull; }

}  // namespace keep::openai
