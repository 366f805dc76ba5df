#include "plugins/hedge/prefill_probe.hpp"

#include "base/json/json.hpp"

#include <string_view>
#include <utility>

namespace keep::hedge {

namespace {

constexpr std::string_view kBegun = "keep-begun";
constexpr std::string_view kMessages = R"("messages":[{"role":"user","content":"keep-ask"},)"
                                       R"({"role":"assistant","content":"keep-begun"}])";

bool ends_begun(const Result<std::string>& prompt) { return prompt && prompt->ends_with(kBegun); }

// A reply that refuses, or that cannot be read; anything else says nothing about the template.
bool asked(const Result<std::string>& prompt) {
  return prompt || prompt.error().fault == Fault::kProtocol;
}

}  // namespace

Task<std::string> render(const Servers& servers, std::size_t upstream, std::string body) {
  const auto reply = co_await servers.queries.post(upstream, "/apply-template", std::move(body));
  if (!reply) co_return reply.error();
  const auto root = json::validate(*reply);
  const auto prompt = root ? root->find("prompt").string() : std::nullopt;
  if (!prompt) {
    co_return Error(Fault::kProtocol, Side::kUpstream, "/apply-template gave no prompt");
  }
  co_return *prompt;
}

Task<Prefill> PrefillProbe::find(const Servers& servers, std::size_t upstream) {
  const std::string key = servers.upstreams.at(upstream).props().chat_template;
  if (const auto at = known_.find(key); at != known_.end()) co_return at->second;
  std::string plain = "{" + std::string(kMessages) + "}";
  const auto chat = co_await render(servers, upstream, std::move(plain));
  if (!asked(chat)) co_return chat.error();
  Prefill found = Prefill::kChat;
  if (!ends_begun(chat)) {
    std::string unthinking =
        "{" + std::string(kMessages) + R"(,"chat_template_kwargs":{"enable_thinking":false}})";
    const auto quick = co_await render(servers, upstream, std::move(unthinking));
    if (!asked(quick)) co_return quick.error();
    found = ends_begun(quick) ? Prefill::kChatWithoutThinking : Prefill::kCompletion;
  }
  known_[key] = found;
  co_return found;
}

}  // namespace keep::hedge
