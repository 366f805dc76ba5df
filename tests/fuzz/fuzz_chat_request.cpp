// Bytes -> parse_chat_request() on every surface. The first byte chooses the surface. All views
// must lie inside the body, in order, and an answer must hash as it does when it comes back.
#include "openai/request/chat_request.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using keep::fuzz::check;

void check_inside(std::string_view part, std::string_view whole) {
  if (part.empty()) return;
  check(part.data() >= whole.data());
  check(part.data() + part.size() <= whole.data() + whole.size());
}

void check_answer(const std::string& text) {
  const std::string normal = keep::openai::normalized_answer(text);
  check(normal.size() <= text.size());
  std::string sent = R"({"role":"assistant","content":)";
  keep::json::append_quoted(sent, text);
  sent += '}';
  const auto message = keep::openai::read_chat_message(keep::json::Value(sent), "m");
  check(message->hash == keep::openai::answer_hash(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using keep::openai::Surface;
  keep::fuzz::Input input(data, size);
  const Surface surface = input.pick(2) == 0 ? Surface::kChat : Surface::kCompletion;
  const std::string body(input.rest());
  const auto request = keep::openai::parse_chat_request(body, surface);
  if (!request) {
    check(!request.error().detail.empty());
    return 0;
  }
  check_inside(request->root.raw(), body);
  check_inside(request->messages_raw.raw(), request->root.raw());
  std::string_view after = request->root.raw();
  for (const keep::openai::Message& message : request->messages) {
    check_inside(message.raw.raw(), after);
    check_inside(message.content.raw(), message.raw.raw());
    const auto passed = message.raw.raw().data() + message.raw.raw().size() - after.data();
    after.remove_prefix(static_cast<std::size_t>(passed));
    check_answer(keep::openai::content_text(message.content));
  }
  return 0;
}
