// PromptTrail: the prompt a slot was last given, as hashes at its message ends: enough to tell how
// much of it another prompt shares, without its text. Pure.
#pragma once

#include "exchange/clear_zone.hpp"
#include "openai/request/chat_request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace keep::slots {

class PromptTrail {
 public:
  // Of a longer prompt the beginning counts.
  static constexpr std::size_t kMaxMarks = 1024;

  PromptTrail() = default;  // of no prompt: shares nothing
  // Of the messages that go to the model. Tenants share nothing.
  PromptTrail(std::string_view tenant, const openai::ChatRequest& chat, const ClearZone& zone);

  struct Shared {
    std::size_t messages = 0;
    std::uint64_t bytes = 0;
  };
  Shared shared_with(const PromptTrail& other) const noexcept;
  std::size_t messages() const noexcept { return marks_ ? marks_->size() : 0; }

 private:
  struct Mark {
    std::uint64_t chain = 0;  // of everything up to the end of that message
    std::uint64_t bytes = 0;
  };
  std::shared_ptr<const std::vector<Mark>> marks_;  // copies are cheap
};

}  // namespace keep::slots
