// Bytes -> validate() and a walk over every value. Beside a number that simdjson cannot store a
// text must be as good as beside one that it can, the walk must stay inside the text, and what is
// written must read back.
#include "base/json/json.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using keep::fuzz::check;
using keep::json::Value;

// In valid text only: what a broken escape stands for is not looked into.
void check_keys(const Value& object) {
  for (const keep::json::Member member : object.members()) {
    const std::string literal = '"' + std::string(member.raw_key) + '"';
    check(member.key_is(*Value(literal).string()));
  }
}

// Prints the value again, member by member.
void print(const Value& value, int depth, keep::json::Writer& out) {
  if (depth == 0) {
    out.raw(value.raw());
  } else if (value.is_object()) {
    out.begin_object();
    for (const keep::json::Member member : value.members()) {
      const std::string literal = '"' + std::string(member.raw_key) + '"';
      const std::string key = Value(literal).string().value_or("");
      out.key(key);
      print(member.value, depth - 1, out);
    }
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const Value element : value.elements()) print(element, depth - 1, out);
    out.end_array();
  } else if (const auto text = value.string()) {
    out.string(*text);
  } else {
    out.raw(value.raw());
  }
}

bool is_json_behind(const std::string& number, const std::string& text) {
  return keep::json::validate("[" + number + "," + text + "]").has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto root = keep::json::validate(text);
  // What is longer may be nested too deep for one of the two, which count an empty list
  // differently.
  constexpr std::size_t kShallow = 1000;
  if (size < kShallow) check(is_json_behind("1e999", text) == is_json_behind("1", text));
  keep::json::Writer out;
  print(Value(text), 8, out);
  if (!root) return 0;
  check_keys(*root);
  check(keep::json::validate(out.str()).has_value());
  keep::json::Writer again;
  print(Value(out.str()), 8, again);
  check(out.str() == again.str());
  return 0;
}
