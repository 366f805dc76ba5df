// Characters: what a character is to the words of an index. Pure, any thread.
#pragma once

#include <cstdint>

namespace keep::text {

enum class CharacterKind : std::uint8_t {
  kSeparator,
  kLetter,    // or a digit: of a word
  kMark,      // of the letter before it
  kUnspaced,  // of a script without spaces between words
};
CharacterKind kind_of(char32_t code) noexcept;

}  // namespace keep::text
