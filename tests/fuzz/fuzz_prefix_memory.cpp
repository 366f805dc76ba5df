// Bytes -> two bodies, read one after the other with a PrefixMemory. The second one, which may go
// on where the first one ends, must be read as if the first one had never been. Small bodies are
// filled up by white space, which the memory passes over.
#include "openai/request/prefix_memory.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string>
#include <string_view>

namespace {

using keep::fuzz::check;
using keep::openai::ChatRequest;
using keep::openai::Message;

void check_same(const ChatRequest& a, const ChatRequest& b) {
  check(a.root.raw() == b.root.raw() && a.messages_raw.raw() == b.messages_raw.raw());
  check(a.fields.size() == b.fields.size() && a.messages.size() == b.messages.size());
  for (std::size_t i = 0; i < a.messages.size(); ++i) {
    const Message& x = a.messages[i];
    const Message& y = b.messages[i];
    check(x.role == y.role && x.hash == y.hash && x.text_bytes == y.text_bytes);
    check(x.raw.raw().data() == y.raw.raw().data() && x.raw.raw() == y.raw.raw());
    check(x.content.raw() == y.content.raw());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using keep::openai::PrefixMemory;
  using keep::openai::Surface;
  keep::fuzz::Input input(data, size);
  const Surface surface = input.pick(2) == 0 ? Surface::kChat : Surface::kCompletion;
  const std::string space(PrefixMemory::kMinBody, ' ');
  const std::string first = space + std::string(input.take_text());
  const std::size_t shared = space.size() + 4 * input.pick(256) + input.pick(4);
  const std::string second = first.substr(0, shared) + std::string(input.rest());
  PrefixMemory memory;
  (void)keep::openai::parse_chat_request(first, surface, memory);
  const auto remembered = keep::openai::parse_chat_request(second, surface, memory);
  const auto anew = keep::openai::parse_chat_request(second, surface);
  check(anew.has_value() == remembered.has_value());
  if (anew) check_same(*anew, *remembered);
  if (!anew) check(anew.error().detail == remembered.error().detail);
  return 0;
}
