// JSON in and out. The only door to simdjson.
//
// Reading: validate() checks a whole text once (grammar, UTF-8, depth); Value then walks the same
// bytes and hands out sub-spans of them, because the proxy edits bodies by splicing bytes and every
// untouched byte must survive. A Value is a view: it lives as long as the text. Walking is linear
// in the bytes passed over, so iterate members once instead of calling find() in a loop. A Cursor
// passes over a large text once and goes into the values that matter.
// On text that was never validated a Value stays inside its bounds and answers "missing".
//
// Writing: Writer appends to a string; raw() splices ready-made JSON.
#pragma once

#include "base/result.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::json {

enum class Type { kMissing, kObject, kArray, kString, kNumber, kBool, kNull };

class Members;
class Elements;

class Value {
 public:
  Value() = default;
  // `raw` may carry white space around one JSON value.
  explicit Value(std::string_view raw) noexcept;

  std::string_view raw() const noexcept { return raw_; }
  Type type() const noexcept;
  bool missing() const noexcept { return raw_.empty(); }
  bool is_object() const noexcept { return type() == Type::kObject; }
  bool is_array() const noexcept { return type() == Type::kArray; }
  bool is_string() const noexcept { return type() == Type::kString; }

  // First member with that (unescaped) key; missing if there is none or this is no object.
  Value find(std::string_view key) const noexcept;

  // Empty when the value is of another type. Escapes are decoded; a lone surrogate becomes U+FFFD.
  std::optional<std::string> string() const;
  // The bytes between the quotes when the string has no escapes, else empty optional: no copy.
  std::optional<std::string_view> plain_string() const noexcept;
  std::optional<std::int64_t> integer() const noexcept;  // 3 and 3.0, not 3.5
  std::optional<double> number() const noexcept;
  std::optional<bool> boolean() const noexcept;

  Members members() const noexcept;    // empty range unless an object
  Elements elements() const noexcept;  // empty range unless an array

 private:
  std::string_view raw_;
};

struct Member {
  std::string_view raw_key;  // between the quotes, escapes not decoded
  Value value;
  bool key_is(std::string_view key) const noexcept;  // decodes escapes where there are any
};

// Input ranges: for (json::Member m : value.members()), for (json::Value v : value.elements()).
class Members {
 public:
  explicit Members(std::string_view object) noexcept : object_(object) {}
  class Iterator {
   public:
    Iterator() = default;
    explicit Iterator(std::string_view rest) noexcept : rest_(rest) { ++*this; }
    Member operator*() const noexcept { return member_; }
    Iterator& operator++() noexcept;
    bool operator!=(const Iterator&) const noexcept { return !member_.value.missing(); }

   private:
    std::string_view rest_;
    Member member_;
  };
  Iterator begin() const noexcept;
  Iterator end() const noexcept { return Iterator(); }

 private:
  std::string_view object_;
};

class Elements {
 public:
  explicit Elements(std::string_view array) noexcept : array_(array) {}
  class Iterator {
   public:
    Iterator() = default;
    explicit Iterator(std::string_view rest) noexcept : rest_(rest) { ++*this; }
    Value operator*() const noexcept { return value_; }
    Iterator& operator++() noexcept;
    bool operator!=(const Iterator&) const noexcept { return !value_.missing(); }

   private:
    std::string_view rest_;
    Value value_;
  };
  Iterator begin() const noexcept;
  Iterator end() const noexcept { return Iterator(); }

 private:
  std::string_view array_;
};

// Reads a text from front to back. Text that was never validated ends where it is broken.
class Cursor {
 public:
  explicit Cursor(std::string_view text) noexcept;

  Type type() const noexcept;  // of the value ahead
  Value take() noexcept;       // passes over the value ahead
  // Goes into the object or array ahead. Afterwards next_key() or next_element() goes from value
  // to value, which is to be taken or gone into; false: the end was passed, and the cursor is
  // behind the container again.
  void enter() noexcept;
  // As if everything up to there had been taken: the end of an element of the list gone into.
  void pass_to(const char* place) noexcept;
  bool next_key(std::string_view& raw_key) noexcept;
  bool next_element() noexcept;

  const char* place() const noexcept { return rest_.data(); }
  bool broken() const noexcept { return broken_; }  // the text ended inside a value

 private:
  bool next(char closer) noexcept;
  void give_up() noexcept;

  std::string_view rest_;
  bool broken_ = false;
};

// Checks the whole text; any root will do. The error's detail says what is wrong, and near which
// byte unless the fault shows before values are read: bytes that are not UTF-8, a bare control
// character in a string, a string without an end. It is Fault::kBadRequest, Side::kDownstream
// (callers that read upstream's text change it). Nesting deeper than 1024 is refused, too. Numbers
// may have any size; a text with one that 64 bits cannot hold is read twice.
// Reserve text.size() + 64 when reading a body to spare a copy. Thread safe.
Result<Value> validate(const std::string& text);

// Appends the JSON string literal of `text`, quotes included. Invalid UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);
std::string quoted(std::string_view text);

// Appends JSON to a string of its own; commas are placed by it. Misuse is a programming error.
class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& integer(std::int64_t number);
  Writer& number(double number);  // non-finite becomes null
  Writer& boolean(bool value);
  Writer& null();
  Writer& raw(std::string_view json);

  Writer& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  Writer& member(std::string_view name, const char* text) { return key(name).string(text); }
  Writer& member(std::string_view name, bool value) { return key(name).boolean(value); }
  Writer& member(std::string_view name, double value) { return key(name).number(value); }
  template <std::integral Int>
  Writer& member(std::string_view name, Int value) {
    return key(name).integer(static_cast<std::int64_t>(value));
  }
  Writer& member_raw(std::string_view name, std::string_view json) { return key(name).raw(json); }

  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  const std::string& str() const noexcept { return out_; }
  std::string take() noexcept { return std::move(out_); }

 private:
  void separate();
  std::string out_;
};

}  // namespace keep::json
