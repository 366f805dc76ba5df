// Beginnings: whose kept prompts begin as another one does.
//
// A system prompt with its tools is in many conversations: who has not been here before finds it by
// what its own prompt begins with. Of those that begin alike the last few are known. Loop thread
// only.
#pragma once

#include "exchange/interfaces/slot_archive.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace keep::tier {

class Beginnings {
 public:
  using Owner = std::shared_ptr<const PromptOwner>;

  void add(const Owner& owner, const openai::PromptTrail& trail);
  void remove(const Owner& owner, const openai::PromptTrail& trail);  // as they were added
  // Those of its tenant that have most in common with it, the newest first.
  std::vector<Owner> find(const WantedPrompt& prompt) const;

  std::size_t size() const noexcept { return owners_.size(); }

 private:
  std::unordered_map<std::uint64_t, std::vector<Owner>> owners_;  // by landmark, the oldest first
};

}  // namespace keep::tier
