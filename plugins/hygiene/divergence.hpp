// Divergence: why a prompt does not continue the one before it, and what that costs. Pure.
//
// A prompt continues another when it begins with all its messages, and with the answer to it if it
// has anything after them. The same messages without the answer (a regenerate), or only the first
// of them, lose nothing and are no divergence either.
#pragma once

#include "plugins/hygiene/prompt.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keep::hygiene {

// Messages were left out of the prompt because the window is full. Told by history, not found here.
inline constexpr std::string_view kWindowMoved = "window_moved";

// Why the prompt no longer continues what the slot holds.
struct Divergence {
  bool found = false;
  std::size_t message = 0;        // first differing message
  std::size_t byte = 0;           // first differing byte of its text
  bool byte_known = false;        // false when the earlier text is no longer at hand
  std::string cause;              // one word of a closed list: a metric label
  std::uint64_t lost_tokens = 0;  // prefilled again because of it; estimate
};

// The closed list of causes.
std::span<const std::string_view> divergence_causes() noexcept;

// `before` may end in our answer. `before_texts` is null when they are gone: then the byte is not
// known, and the cause is told by hashes. `now_texts` are those of make_prompt(): needed from the
// first message on whose JSON differs.
Divergence find_divergence(const Prompt& before, const Texts* before_texts, const Prompt& now,
                           const Texts& now_texts);

}  // namespace keep::hygiene
