#include "plugins/identify/fingerprint.hpp"

#include "base/hash.hpp"

namespace keep::identify {

namespace {

bool is_system(const openai::Message& message) noexcept {
  return message.role == "system" || message.role == "developer";
}

std::uint64_t hash_of_agent(const openai::ChatRequest& request, std::uint64_t agent_signal) {
  std::uint64_t hash = hash_combine(request.tools_hash, agent_signal);
  if (!request.instructions.missing()) {
    hash = hash_combine(hash, hash64(openai::content_text(request.instructions)));
  }
  for (const openai::Message& message : request.messages) {
    if (!is_system(message)) break;
    if (message.hash != 0) hash = hash_combine(hash, message.hash);
  }
  return hash;
}

}  // namespace

Fingerprint make_fingerprint(std::string_view tenant, const openai::ChatRequest& request,
                             std::uint64_t agent_signal) {
  Fingerprint print;
  print.tenant = hash64(tenant);
  print.agent = hash_of_agent(request, agent_signal);
  print.links.reserve(request.messages.size());
  Link link{print.tenant, print.tenant, false};
  for (const openai::Message& message : request.messages) {
    if (message.hash == 0 || is_system(message) || message.role == "reasoning") continue;
    link.answer = message.role == "assistant";
    link.chain = hash_combine(link.chain, message.hash);
    if (!link.answer) link.asked = hash_combine(link.asked, message.hash);
    if (message.role == "user") ++print.user_turns;
    print.links.push_back(link);
  }
  return print;
}

std::uint64_t chain_after(std::uint64_t chain, std::span<const std::uint64_t> answers) noexcept {
  for (const std::uint64_t answer : answers) chain = hash_combine(chain, answer);
  return chain;
}

}  // namespace keep::identify
