// UTF-8, and what Unicode says of a character. Pure, any thread. The only door to utf8proc.
//
// A character is a code point. Bytes may be anything; what is no UTF-8 is never taken for some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keep::utf8 {

constexpr bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

// Whether the byte stands inside a character, behind its first.
constexpr bool is_inside(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The first place from `at` on, and the last one up to `at`, that is inside no character. An end of
// the text is such a place; `at` may be one.
constexpr std::size_t boundary_from(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_inside(text[at])) ++at;
  return at;
}
constexpr std::size_t boundary_before(std::string_view text, std::size_t at) noexcept {
  while (at > 0 && at < text.size() && is_inside(text[at])) --at;
  return at;
}

// Bytes of the character that begins at `at`, which is inside the text; 0: that is no UTF-8, as are
// overlong forms, surrogates, and what the end of the text cuts off.
std::size_t length_at(std::string_view text, std::size_t at) noexcept;

struct Character {
  char32_t code = 0;
  std::size_t size = 0;  // as length_at()
};
Character decode(std::string_view text, std::size_t at) noexcept;

bool is_valid(std::string_view text) noexcept;

struct Encoded {
  char bytes[4];
  std::size_t size;
  operator std::string_view() const noexcept { return {bytes, size}; }  // NOLINT(google-explicit*)
};
// `code` is at most U+10FFFF and no surrogate.
Encoded encode(char32_t code) noexcept;

// U+FFFD, which stands for what could not be read.
inline constexpr Encoded kReplacement{{'\xEF', '\xBF', '\xBD'}, 3};

enum class Category : std::uint8_t {
  kLetter,
  kMark,       // an accent or a vowel sign of the letter before
  kNumber,     // digits, and letters that stand for numbers
  kUnknown,    // private, or not in the version of Unicode that utf8proc knows
  kSeparator,  // blanks, punctuation, symbols, fractions, raised and circled digits, controls
};
Category category_of(char32_t code) noexcept;

// The small letter of a capital of any script, other characters as they are. One letter for one,
// never longer in UTF-8: two capitals whose small letters are (U+023A, U+023E) stay. The final
// sigma is taken for a sigma, which is what its capital says.
char32_t to_small(char32_t code) noexcept;

}  // namespace keep::utf8
