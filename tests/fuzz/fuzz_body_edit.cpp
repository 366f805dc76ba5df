// Bytes -> a body, then edits. Layout: surface byte, body, separator, then for each edit a byte for
// its kind, one for its index, key, separator, JSON, separator. What comes out must be JSON.
#include "openai/edit/body_edit.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using keep::fuzz::check;
using keep::openai::BodyEdits;

void take_edit(keep::fuzz::Input& input, BodyEdits& edits) {
  const std::size_t kind = input.pick(5), index = input.pick(8);
  std::string key(input.take_text());
  std::string json(input.take_text());
  if (!keep::json::validate(json)) json = "{\"role\":\"user\"}";
  switch (kind) {
    case 0: edits.emplace_back(keep::openai::SetField{std::move(key), std::move(json)}); break;
    case 1: edits.emplace_back(keep::openai::RemoveField{std::move(key)}); break;
    case 2: edits.emplace_back(keep::openai::ReplaceMessage{index, std::move(json)}); break;
    case 3: edits.emplace_back(keep::openai::RemoveMessage{index}); break;
    default: edits.emplace_back(keep::openai::InsertMessage{index, std::move(json)}); break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using keep::openai::Surface;
  keep::fuzz::Input input(data, size);
  const Surface surface = input.pick(2) == 0 ? Surface::kChat : Surface::kCompletion;
  const std::string body(input.take_text());
  const auto request = keep::openai::parse_chat_request(body, surface);
  if (!request) return 0;
  check(keep::openai::apply_edits(body, *request, {}).value() == body);
  BodyEdits edits;
  while (!input.rest().empty()) take_edit(input, edits);
  const auto out = keep::openai::apply_edits(body, *request, edits);
  if (!out) return 0;
  check(keep::json::validate(*out).has_value());
  check(out->capacity() - out->size() >= 64);
  return 0;
}
