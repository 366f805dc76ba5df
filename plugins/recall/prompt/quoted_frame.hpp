// QuotedFrame: an answer that begins by repeating the line of provenance in front of a quote. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace keep::recall {

struct QuotedFrame {
  enum class Verdict { kNone, kMaybe, kWhole };  // kMaybe: more text is needed
  Verdict verdict = Verdict::kNone;
  std::size_t size = 0;  // of the frame, for kWhole: what follows is the quote itself
};

// How an answer begins: white space, perhaps the line above a block, and what compose_block() puts
// before a quote or a fact. `answer` is all of it so far. At most kMaxFrameBytes stay undecided.
inline constexpr std::size_t kMaxFrameBytes = 256;
QuotedFrame find_quoted_frame(std::string_view answer) noexcept;

}  // namespace keep::recall
