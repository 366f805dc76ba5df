// Characters: what the index must know about code points of UTF-8. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keep::text {

struct Character {
  char32_t code = 0;     // 0: not UTF-8
  std::size_t size = 1;  // bytes; 1 when it is not UTF-8
};
// `at` is inside the text.
Character character_at(std::string_view text, std::size_t at) noexcept;

enum class CharacterKind : std::uint8_t {
  kSeparator,
  kLetter,
  kUnspaced,    // of a script without spaces between words
  kApostrophe,  // the typographic one
};
CharacterKind kind_of(char32_t code) noexcept;  // of code points above 127

// Small letters for capitals of the Latin, Greek and Cyrillic blocks; never longer in UTF-8.
char32_t to_small(char32_t code) noexcept;

}  // namespace keep::text
