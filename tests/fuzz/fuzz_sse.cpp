// Bytes -> events, whole and in pieces: no byte is lost, the pieces make no difference, and
// read_event() survives whatever the data is. The first byte chooses the size of the pieces.
#include "openai/event/event_info.hpp"
#include "openai/event/sse_parser.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <vector>

namespace {

using keep::fuzz::check;

struct Parsed {
  std::string raw;
  std::vector<std::string> data;
};

Parsed parse(std::string_view text, std::size_t piece) {
  Parsed out;
  keep::openai::SseParser parser;
  keep::openai::SseEvent event;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    check(parser.feed(text.substr(at, piece)).has_value());
    while (parser.next(event)) {
      out.raw += event.raw;
      out.data.emplace_back(event.data);
      const keep::openai::EventInfo info = keep::openai::read_event(event);
      check(info.content.empty() || info.has_output);
    }
  }
  out.raw += parser.rest();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  keep::fuzz::Input input(data, size);
  const std::size_t piece = 1 + input.pick(64);
  const std::string_view text = input.rest();
  const Parsed whole = parse(text, text.size() + 1);
  const Parsed pieces = parse(text, piece);
  check(whole.raw == text);
  check(pieces.raw == text);
  check(whole.data == pieces.data);
  return 0;
}
