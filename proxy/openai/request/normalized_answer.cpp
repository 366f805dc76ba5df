// normalized_answer(): what stays the same of an answer when a client sends it back.
#include "openai/request/message.hpp"

#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace keep::openai {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view kOpen = "<think>", kClose = "</think>";
constexpr std::string_view kSpaces = " \t\n\v\f\r";

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

#if defined(__SSE2__)  // every x86-64

constexpr std::size_t kBlock = 16;

// Copies a block with each white space as ' ', unless one of them has to go because it follows
// another. Room for the whole block is needed.
bool copy_block(const char* from, char* to, bool& after_space) noexcept {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i blank = _mm_set1_epi8(' ');
  const __m128i from_tab = _mm_sub_epi8(block, _mm_set1_epi8('\t'));
  const __m128i control =
      _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
  const __m128i space = _mm_or_si128(control, _mm_cmpeq_epi8(block, blank));
  const auto spaces = static_cast<unsigned>(_mm_movemask_epi8(space));
  if ((spaces & (spaces << 1 | (after_space ? 1U : 0U))) != 0) return false;
  const __m128i out = _mm_or_si128(_mm_andnot_si128(space, block), _mm_and_si128(space, blank));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), out);
  after_space = spaces >> (kBlock - 1) != 0;
  return true;
}

#endif

// Writes into room that is always large enough.
class Collapser {
 public:
  explicit Collapser(std::size_t room) : out_(room, '\0') {}

  void add(std::string_view text) noexcept {
#if defined(__SSE2__)
    for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
      if (copy_block(text.data(), out_.data() + size_, after_space_)) {
        size_ += kBlock;
      } else {
        add_bytes(text.substr(0, kBlock));
      }
    }
#endif
    add_bytes(text);
  }
  bool empty() const noexcept { return size_ == 0; }
  std::string take() {
    if (after_space_ && size_ > 0) --size_;
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  // Without branches on the text: where words end cannot be predicted.
  void add_bytes(std::string_view text) noexcept {
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
