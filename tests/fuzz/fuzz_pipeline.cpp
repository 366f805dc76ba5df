// Conversations -> all phases of all plugins, request after request. An edited body must be JSON,
// and every request must come to an end: run with -timeout.
//
// An input is a list of requests, each up to a separator. A request is a surface and an answer, one
// byte each, and then either a body as it is or, where that does not begin with '{', one byte for
// each message: its role and its text.
#include "openai/chat_request.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/pipeline_stage.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using keep::fuzz::check;
using keep::openai::Surface;

constexpr std::array kRoles{"user", "assistant", "system", "developer", "tool", "critic"};
constexpr std::array kTexts{
    "Please remember: the vault code of the museum is 7341.",
    "What is the vault code of the museum?",
    "My dog is named Bruno, he was born in May 2019, and he likes the garden behind the house.",
    "What did I say about my dog last week?",
    "I see.",
    "",
};
constexpr std::array kAnswers{"I see.", "If I recall correctly, it was the museum.", "",
                              "[Recalled from turn 1, 20 tokens ago] user: it"};

std::string body_of_shape(std::string_view shape, Surface surface) {
  std::string body = surface == Surface::kResponses ? "{\"input\":[" : "{\"messages\":[";
  for (const char c : shape) {
    const auto byte = static_cast<unsigned char>(c);
    if (body.back() != '[') body += ',';
    body += R"({"role":")" + std::string(kRoles[byte % kRoles.size()]) + R"(","content":")" +
            kTexts[byte / kRoles.size() % kTexts.size()] + "\"}";
  }
  return body + "]}";
}

std::unique_ptr<keep::Exchange> make_exchange(std::string body, Surface surface,
                                              const std::string& tenant) {
  auto exchange = std::make_unique<keep::Exchange>();
  exchange->id = "req-1";
  exchange->identity.tenant = tenant;
  exchange->surface = surface;
  exchange->chat_body = std::move(body);
  auto chat = keep::openai::parse_chat_request(exchange->chat_body, surface);
  if (!chat) return nullptr;
  exchange->chat = *std::move(chat);
  return exchange;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Not destroyed: its threads may be at work when the program ends.
  static auto& stage = *new keep::fuzz::PipelineStage();
  static std::size_t inputs = 0;
  static constexpr Surface kSurfaces[] = {Surface::kChat, Surface::kResponses, Surface::kCompletion,
                                          Surface::kMessages};
  const std::string tenant = "t" + std::to_string(++inputs);  // its conversations are its own
  keep::fuzz::Input input(data, size);
  for (int requests = 0; requests < 8 && !input.rest().empty(); ++requests) {
    const Surface surface = kSurfaces[input.pick(4)];
    const std::string answer = kAnswers[input.pick(kAnswers.size())];
    const std::string_view text = input.take_text();
    std::string body = text.starts_with('{') ? std::string(text) : body_of_shape(text, surface);
    const Surface parsed = surface == Surface::kMessages ? Surface::kChat : surface;
    const auto exchange = make_exchange(std::move(body), parsed, tenant);
    if (!exchange) continue;
    exchange->surface = surface;
    stage.run(*exchange, answer);
  }
  return 0;
}
