// Kinds of characters, as far as matching phrases needs them. Pure, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace keep::hedge {

enum class Kind : std::uint8_t {
  kWord,         // a letter, a digit, or a byte of a character beyond ASCII
  kPunctuation,  // also control characters
  kSpace,
  kNewline,
  kApostrophe,
  kTick,        // `
  kTilde,       // ~
  kAngle,       // >
  kQuote,       // "
  kOpenQuote,   // U+201C
  kCloseQuote,  // U+201D
  kLead,        // the byte that every character of general punctuation begins with
};

namespace detail {

constexpr bool is_letter(unsigned char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
}

constexpr Kind ascii_kind(unsigned char byte) noexcept {
  switch (byte) {
    case '\n': return Kind::kNewline;
    case ' ':
    case '\t':
    case '\r': return Kind::kSpace;
    case '\'': return Kind::kApostrophe;
    case '`': return Kind::kTick;
    case '~': return Kind::kTilde;
    case '>': return Kind::kAngle;
    case '"': return Kind::kQuote;
    default:
      return is_letter(byte) || (byte >= '0' && byte <= '9') ? Kind::kWord : Kind::kPunctuation;
  }
}

inline constexpr std::array<Kind, 256> kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
    kinds[byte] = ascii_kind(static_cast<unsigned char>(byte));
  }
  kinds[0xE2] = Kind::kLead;
  return kinds;
}();

}  // namespace detail

using detail::is_letter;

inline Kind kind_of(unsigned char byte) noexcept { return detail::kKinds[byte]; }

// General punctuation is E2 80 xx and E2 81 xx.
constexpr bool is_second_byte(unsigned char byte) noexcept { return byte == 0x80 || byte == 0x81; }
constexpr Kind general_punctuation(unsigned char second, unsigned char third) noexcept {
  if (second != 0x80) return Kind::kPunctuation;
  switch (third) {
    case 0x98:
    case 0x99: return Kind::kApostrophe;
    case 0x9C: return Kind::kOpenQuote;
    case 0x9D: return Kind::kCloseQuote;
    default: return Kind::kPunctuation;
  }
}

}  // namespace keep::hedge
