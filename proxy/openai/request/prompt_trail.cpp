#include "openai/request/prompt_trail.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace keep::openai {

PromptTrail::PromptTrail(std::string_view tenant, const ChatRequest& chat,
                         const std::function<bool(std::size_t)>& goes) {
  const std::string_view tools = chat.tools.raw();  // templates put them in front
  Mark mark;
  mark.chain = hash_combine(hash64(tenant), hash64(tools));
  mark.bytes = tools.size();
  std::vector<Mark> marks;
  marks.reserve(std::min(chat.messages.size(), kMaxMarks));
  for (std::size_t i = 0; i < chat.messages.size() && marks.size() < kMaxMarks; ++i) {
    const Message& message = chat.messages[i];
    if (message.hash == 0 || !goes(i)) continue;
    mark.chain = hash_combine(mark.chain, message.hash);
    mark.bytes += message.text_bytes;
    marks.push_back(mark);
  }
  marks_ = std::make_shared<const std::vector<Mark>>(std::move(marks));
}

PromptTrail::Shared PromptTrail::shared_with(const PromptTrail& other) const noexcept {
  Shared shared;
  const std::size_t most = std::min(messages(), other.messages());
  while (shared.messages < most) {
    const Mark& mark = (*marks_)[shared.messages];
    if (mark.chain != (*other.marks_)[shared.messages].chain) break;
    shared.bytes = mark.bytes;
    ++shared.messages;
  }
  return shared;
}

std::vector<std::uint64_t> PromptTrail::landmarks() const {
  std::vector<std::uint64_t> landmarks;
  for (std::size_t i = 1; i < messages(); i *= 2) landmarks.push_back((*marks_)[i - 1].chain);
  if (messages() > 0) landmarks.push_back(marks_->back().chain);
  return landmarks;
}

}  // namespace keep::openai
