// normalized_answer(): what stays the same of an answer when a client sends it back.
#include "openai/message.hpp"

#include <utility>

namespace keep::openai {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view kOpen = "<think>", kClose = "</think>";
constexpr std::string_view kSpaces = " \t\n\v\f\r";

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Writes into room that is always large enough. Without branches on the text: where words end
// cannot be predicted.
class Collapser {
 public:
  explicit Collapser(std::size_t room) : out_(room, '\0') {}

  void add(std::string_view text) noexcept {
    char* end = out_.data() + size_;
    bool after_space = after_space_;
    for (const char c : text) {
      const bool space = is_space(c);
      *end = space ? ' ' : c;
      end += space && after_space ? 0 : 1;
      after_space = space;
    }
    after_space_ = after_space;
    size_ = static_cast<std::size_t>(end - out_.data());
  }
  bool empty() const noexcept { return size_ == 0; }
  std::string take() {
    if (after_space_ && size_ > 0) --size_;
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  std::string out_;
  std::size_t size_ = 0;
  bool after_space_ = true;  // so that none comes first
};

}  // namespace

std::string normalized_answer(std::string_view text) {
  Collapser out(text.size());
  std::size_t open = text.find(kOpen);
  const std::size_t close = text.find(kClose);
  // Some templates open the block in the prompt: then the text begins inside it.
  if (close < open) {
    text.remove_prefix(close + kClose.size());
    open = text.find(kOpen);
  }
  while (open != npos) {
    const std::size_t end = text.find(kClose, open);
    if (end == npos) break;
    out.add(text.substr(0, open));
    text.remove_prefix(end + kClose.size());
    open = text.find(kOpen);
  }
  // A block that never ends is an answer cut while thinking, if it comes first; else it is
  // somebody writing about the tag.
  const bool cut = open != npos && out.empty() && text.find_first_not_of(kSpaces) == open;
  if (!cut) out.add(text);
  return out.take();
}

}  // namespace keep::openai
