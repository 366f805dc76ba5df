#include "base/json/json.hpp"

#include "base/json/json_fault.hpp"

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

// simdjson names the kind of fault but not the place, so look for the place again, slowly.
Error to_error(simdjson::error_code code, const std::optional<TextFault>& fault) {
  std::string detail = "invalid JSON";
  if (fault) detail += " near byte " + std::to_string(fault->offset);
  detail += ": ";
  detail += fault ? fault->what : simdjson::error_message(code);
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

}  // namespace

Result<Value> validate(const std::string& text) {
  const simdjson::error_code code = parse(text);
  if (code == simdjson::SUCCESS) return Value(text);
  if (code == simdjson::MEMALLOC || code == simdjson::CAPACITY) {
    return Error(Fault::kTooLarge, Side::kDownstream, "the JSON text is too large to read");
  }
  const auto fault = find_fault(text);
  // A number that simdjson cannot store is still JSON, and upstream may well take it.
  if (code == simdjson::NUMBER_ERROR && !fault) return Value(text);
  return to_error(code, fault);
}

}  // namespace keep::json
