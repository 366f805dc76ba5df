// Conversations -> all phases of all plugins, request after request. An edited body must be JSON,
// and every request must come to an end: run with -timeout.
//
// An input is a list of requests, each up to a separator. A request is a dialect and an answer, one
// byte each, and then either a body as it is or, where that does not begin with '{', one byte for
// each message: its role and its text.
#include "openai/dialects/dialects.hpp"
#include "openai/request/chat_request.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/pipeline_stage.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using keep::fuzz::check;
using keep::openai::Dialect;
namespace dialects = keep::openai::dialects;

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

std::string body_of_shape(std::string_view shape) {
  std::string body = "{\"messages\":[";
  for (const char c : shape) {
    const auto byte = static_cast<unsigned char>(c);
    if (body.back() != '[') body += ',';
    body += R"({"role":")" + std::string(kRoles[byte % kRoles.size()]) + R"(","content":")" +
            kTexts[byte / kRoles.size() % kTexts.size()] + "\"}";
  }
  return body + "]}";
}

std::unique_ptr<keep::Exchange> make_exchange(std::string body, const Dialect& dialect,
                                              const std::string& tenant) {
  auto exchange = std::make_unique<keep::Exchange>();
  exchange->id = "req-1";
  exchange->identity.tenant = tenant;
  exchange->dialect = &dialect;
  exchange->surface = dialect.surface();
  exchange->chat_body = std::move(body);
  auto chat = keep::openai::parse_chat_request(exchange->chat_body, exchange->surface);
  if (!chat) return nullptr;
  exchange->chat = *std::move(chat);
  return exchange;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Not destroyed: its threads may be at work when the program ends.
  static auto& stage = *new keep::fuzz::PipelineStage();
  static std::size_t inputs = 0;
  static const std::array kDialects{&dialects::chat(), &dialects::responses(),
                                    &dialects::completion(), &dialects::messages()};
  const std::string tenant = "t" + std::to_string(++inputs);  // its conversations are its own
  keep::fuzz::Input input(data, size);
  for (int requests = 0; requests < 8 && !input.rest().empty(); ++requests) {
    const Dialect& dialect = *kDialects[input.pick(kDialects.size())];
    const std::string answer = kAnswers[input.pick(kAnswers.size())];
    const std::string_view text = input.take_text();
    std::string body = text.starts_with('{') ? std::string(text) : body_of_shape(text);
    const auto exchange = make_exchange(std::move(body), dialect, tenant);
    if (!exchange) continue;
    stage.run(*exchange, answer);
  }
  return 0;
}
