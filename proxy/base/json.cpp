#include "base/json.hpp"

#include "base/json_fault.hpp"

#include <simdjson.h>

namespace keep::json {

namespace {

// A parser keeps buffers of about 15 bytes per input byte. Bodies up to this size share one per
// thread; a larger one gets a parser of its own, so that the memory goes back at once.
constexpr std::size_t kKeptBytes = 1 << 20;

simdjson::error_code parse(const std::string& text) {
  // parse() copies the text only when its capacity leaves no room for the padding.
  if (text.size() > kKeptBytes) {
    simdjson::dom::parser parser;
    return parser.parse(text).error();
  }
  thread_local simdjson::dom::parser parser;
  return parser.parse(text).error();
}

}  // namespace

Result<Value> validate(const std::string& text) {
  const simdjson::error_code code = parse(text);
  if (code == simdjson::SUCCESS) return Value(text);
  if (code == simdjson::MEMALLOC) {
    return Error(Fault::kTooLarge, Side::kDownstream, "not enough memory to read the JSON text");
  }
  // simdjson names the kind of fault but not the place, so look for the place again, slowly.
  std::string detail = "invalid JSON";
  if (const auto fault = find_fault(text)) {
    detail += " near byte " + std::to_string(fault->offset) + ": " + std::string(fault->what);
  } else {
    detail += std::string(": ") + simdjson::error_message(code);
  }
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

}  // namespace keep::json
