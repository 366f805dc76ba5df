// Passages: a long text as pieces that are searched and recalled one by one. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace keep::text {

inline constexpr std::size_t kPassageTokens = 160;  // words x 1.3

// Pieces of about kPassageTokens, cut after a paragraph, a line, a sentence or a word, whatever
// comes first in this order; a word without end is cut between characters. Views into `text`;
// concatenated they give it back. Empty for an empty text.
std::vector<std::string_view> split_passages(std::string_view text);

}  // namespace keep::text
