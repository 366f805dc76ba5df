// PromptMemory: the last prompts of each conversation, to tell how the next one differs.
//
// Loop thread only. A conversation may have several agents, each with a prompt of its own; the
// kMaxAgents that spoke last are kept. Hashes take at most kMaxHashBytes in total, texts at most
// max_text_bytes; when there is no room the least recently used conversation is forgotten, and of
// texts those first: then a divergence is still found, but not its byte.
#pragma once

#include "base/lru_map.hpp"
#include "plugins/hygiene/prompt.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace keep::hygiene {

class PromptMemory {
 public:
  static constexpr std::size_t kMaxAgents = 4;
  static constexpr std::size_t kMaxHashBytes = 16 << 20;

  explicit PromptMemory(std::size_t max_text_bytes) : max_text_bytes_(max_text_bytes) {}

  // What `now` should continue: the prompt of its agent; else, because a changed system prompt
  // looks like another agent, the latest prompt with the same opening. nullptr without one. Valid
  // until the next put().
  const Prompt* find(std::uint64_t conversation, std::uint64_t agent, const PromptPart* opening);
  // By the prompt find() gave; nullptr when they are gone. Whoever holds them has them as they are:
  // what a later prompt takes over is copied meanwhile. To be let go of on the loop, too.
  std::shared_ptr<const Texts> texts(std::uint64_t conversation, const Prompt& prompt);

  // In place of the prompt of `replaced` (an agent; 0 for none) and that of its own agent. Texts
  // that are empty are taken from the replaced prompt; if one is not there, none are kept.
  void put(std::uint64_t conversation, std::uint64_t replaced, Prompt prompt, Texts texts);
  void forget(std::uint64_t conversation);

  bool keeps_texts() const noexcept { return max_text_bytes_ > 0; }
  std::size_t text_bytes() const noexcept { return text_bytes_; }
  std::size_t hash_bytes() const noexcept { return hash_bytes_; }

 private:
  using Prompts = std::vector<Prompt>;  // latest first

  bool take_texts(std::uint64_t key, const Prompt& from, const Prompt& prompt, Texts& texts);
  void forget_texts(std::uint64_t key);
  void forget_all(std::uint64_t conversation, const Prompts& prompts);
  void trim();

  std::size_t max_text_bytes_;
  std::size_t text_bytes_ = 0;
  std::size_t hash_bytes_ = 0;
  LruMap<std::uint64_t, Prompts> prompts_;               // by conversation
  LruMap<std::uint64_t, std::shared_ptr<Texts>> texts_;  // by conversation and agent
};

}  // namespace keep::hygiene
