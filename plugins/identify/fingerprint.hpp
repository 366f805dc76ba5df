// Fingerprint: what a request says, as a chain of hashes over its messages. Pure.
//
// The chain runs over everything but system messages and reasoning items, is seeded with the
// tenant, and never truncates a text: two requests share a link exactly if they share all messages
// up to it (assistant turns as openai::Message::hash compares them). System messages are left out
// because many clients rewrite them (dates, documents, reminders) and a conversation must survive
// that; the leading ones, the tools and what the client says about sub-agents make the agent hash,
// which keeps two agents with the same user text apart. A message whose hash is 0 was removed by
// hygiene and does not count.
#pragma once

#include "openai/request/chat_request.hpp"
#include "plugins/identify/turn_sketch.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace keep::identify {

struct Link {
  std::uint64_t chain = 0;    // all messages up to this one
  std::uint64_t asked = 0;    // the same without the assistant's
  bool answer = false;        // the assistant's
  std::uint64_t message = 0;  // its hash alone
};

struct Fingerprint {
  std::uint64_t tenant = 0;
  std::uint64_t agent = 0;
  std::uint64_t user_turns = 0;
  std::vector<Link> links;
  TurnSketch newest;  // the turn to be answered
  // The turn that the newest answer in the request was given to; of the request's messages, and
  // gone with them.
  std::span<const openai::Message> before;

  std::uint64_t whole() const noexcept { return links.empty() ? tenant : links.back().chain; }
  std::uint64_t asked() const noexcept { return links.empty() ? tenant : links.back().asked; }
};

// `agent_signal` is what headers say (client_signals.hpp), 0 for nothing.
Fingerprint make_fingerprint(std::string_view tenant, const openai::ChatRequest& request,
                             std::uint64_t agent_signal);

// The chain that a request will have when the client sends those answers back after `chain`.
std::uint64_t chain_after(std::uint64_t chain, std::span<const std::uint64_t> answers) noexcept;

// An answer and all that came before the turn it was given to, but not that turn. Nothing where
// there is none.
struct Retold {
  std::uint64_t mark = 0;
  std::size_t first = 0, last = 0;  // links of the answer
};
// Of the newest answer in the request.
std::optional<Retold> find_retold(const Fingerprint& print) noexcept;
// == Retold::mark of the next request if those answers come back in it.
std::optional<std::uint64_t> retold_mark(const Fingerprint& print,
                                         std::span<const std::uint64_t> answers) noexcept;

}  // namespace keep::identify
