// PromptTrail: a prompt as hashes at its message ends: enough to tell how much of it another prompt
// shares, without its text. Pure.
#pragma once

#include "openai/request/chat_request.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace keep::openai {

class PromptTrail {
 public:
  // Of a longer prompt the beginning counts.
  static constexpr std::size_t kMaxMarks = 1024;

  PromptTrail() = default;  // of no prompt: shares nothing
  // Of the messages that go to the model. Tenants share nothing.
  PromptTrail(std::string_view tenant, const ChatRequest& chat,
              const std::function<bool(std::size_t message)>& goes);

  struct Shared {
    std::size_t messages = 0;
    std::uint64_t bytes = 0;
  };
  Shared shared_with(const PromptTrail& other) const noexcept;
  std::size_t messages() const noexcept { return marks_ ? marks_->size() : 0; }
  // Hashes of its first 1, 2, 4, 8... messages and of all of them, to look it up by: prompts that
  // begin alike have the first ones in common.
  std::vector<std::uint64_t> landmarks() const;

 private:
  struct Mark {
    std::uint64_t chain = 0;  // of everything up to the end of that message
    std::uint64_t bytes = 0;
  };
  std::shared_ptr<const std::vector<Mark>> marks_;  // copies are cheap
};

}  // namespace keep::openai
