#include "plugins/identify/fingerprint.hpp"

#include "base/hash.hpp"

namespace keep::identify {

namespace {

bool is_system(const openai::Message& message) noexcept {
  return message.role == "system" || message.role == "developer";
}

std::uint64_t hash_of_agent(const openai::ChatRequest& request, std::uint64_t agent_signal) {
  std::uint64_t hash = hash_combine(request.tools_hash, agent_signal);
  for (const openai::Message& message : request.messages) {
    if (!is_system(message)) break;
    if (message.hash != 0) hash = hash_combine(hash, message.hash);
  }
  return hash;
}

bool is_answer(const openai::Message& message) noexcept { return message.role == "assistant"; }

// Where the answers that end at `end` begin, or the turn that ends there.
std::size_t begin_of(std::span<const openai::Message> messages, std::size_t end, bool answers) {
  while (end > 0 && (!is_said(messages[end - 1]) || is_answer(messages[end - 1]) == answers)) --end;
  return end;
}

std::size_t begin_of(std::span<const Link> links, std::size_t end, bool answers) noexcept {
  while (end > 0 && links[end - 1].answer == answers) --end;
  return end;
}

void add_turns(std::span<const openai::Message> messages, Fingerprint& print) {
  const std::size_t newest = begin_of(messages, messages.size(), false);
  const std::size_t answer = begin_of(messages, newest, true);
  const std::size_t before = begin_of(messages, answer, false);
  print.newest = sketch_of(messages.subspan(newest));
  print.before = messages.subspan(before, answer - before);
}

std::uint64_t chain_before(const Fingerprint& print, std::size_t link) noexcept {
  return link == 0 ? print.tenant : print.links[link - 1].chain;
}

}  // namespace

Fingerprint make_fingerprint(std::string_view tenant, const openai::ChatRequest& request,
                             std::uint64_t agent_signal) {
  Fingerprint print;
  print.tenant = hash64(tenant);
  print.agent = hash_of_agent(request, agent_signal);
  print.links.reserve(request.messages.size());
  Link link{print.tenant, print.tenant};
  for (const openai::Message& message : request.messages) {
    if (!is_said(message)) continue;
    link.message = message.hash;
    link.answer = is_answer(message);
    link.chain = hash_combine(link.chain, message.hash);
    if (!link.answer) link.asked = hash_combine(link.asked, message.hash);
    if (message.role == "user") ++print.user_turns;
    print.links.push_back(link);
  }
  add_turns(request.messages, print);
  return print;
}

std::uint64_t chain_after(std::uint64_t chain, std::span<const std::uint64_t> answers) noexcept {
  for (const std::uint64_t answer : answers) chain = hash_combine(chain, answer);
  return chain;
}

std::optional<Retold> find_retold(const Fingerprint& print) noexcept {
  const std::size_t end = begin_of(print.links, print.links.size(), false);
  const std::size_t answer = begin_of(print.links, end, true);
  const std::size_t turn = begin_of(print.links, answer, false);
  if (answer == end || turn == answer) return std::nullopt;
  std::uint64_t chain = chain_before(print, turn);
  for (std::size_t i = answer; i < end; ++i) chain = hash_combine(chain, print.links[i].message);
  return Retold{chain, answer, end - 1};
}

std::optional<std::uint64_t> retold_mark(const Fingerprint& print,
                                         std::span<const std::uint64_t> answers) noexcept {
  const std::size_t turn = begin_of(print.links, print.links.size(), false);
  if (turn == print.links.size() || answers.empty()) return std::nullopt;
  return chain_after(chain_before(print, turn), answers);
}

}  // namespace keep::identify
