#include "text/characters.hpp"

#include <algorithm>
#include <iterator>

namespace keep::text {

namespace {

struct Block {
  char32_t first, last;
  CharacterKind kind;
};

// Everything that is not listed is a letter.
constexpr Block kBlocks[] = {
    {0x80, 0xA9, CharacterKind::kSeparator},
    {0xAB, 0xB4, CharacterKind::kSeparator},
    {0xB6, 0xB9, CharacterKind::kSeparator},
    {0xBB, 0xBF, CharacterKind::kSeparator},
    {0xD7, 0xD7, CharacterKind::kSeparator},
    {0xF7, 0xF7, CharacterKind::kSeparator},
    {0x0E00, 0x0EFF, CharacterKind::kUnspaced},  // Thai, Lao
    {0x1000, 0x109F, CharacterKind::kUnspaced},  // Burmese
    {0x1780, 0x17FF, CharacterKind::kUnspaced},  // Khmer
    {0x2000, 0x2018, CharacterKind::kSeparator},
    {0x2019, 0x2019, CharacterKind::kApostrophe},
    {0x201A, 0x206F, CharacterKind::kSeparator},
    {0x20A0, 0x20CF, CharacterKind::kSeparator},  // currencies
    {0x2190, 0x2BFF, CharacterKind::kSeparator},  // arrows, boxes, symbols
    {0x3000, 0x303F, CharacterKind::kSeparator},
    {0x3040, 0x312F, CharacterKind::kUnspaced},  // Hiragana, Katakana, Bopomofo
    {0x3400, 0x9FFF, CharacterKind::kUnspaced},  // Han
    {0xAC00, 0xD7AF, CharacterKind::kUnspaced},  // Hangul: spaced, but words carry their particles
    {0xE000, 0xF8FF, CharacterKind::kSeparator},
    {0xF900, 0xFAFF, CharacterKind::kUnspaced},
    {0xFE00, 0xFE4F, CharacterKind::kSeparator},
    {0xFEFF, 0xFF0F, CharacterKind::kSeparator},
    {0xFF1A, 0xFF20, CharacterKind::kSeparator},
    {0xFF3B, 0xFF40, CharacterKind::kSeparator},
    {0xFF5B, 0xFF65, CharacterKind::kSeparator},
    {0xFFE0, 0xFFFF, CharacterKind::kSeparator},
    {0x1F000, 0x1FAFF, CharacterKind::kSeparator},  // pictures
    {0x20000, 0x3FFFF, CharacterKind::kUnspaced},   // more Han
    {0xE0000, 0x10FFFF, CharacterKind::kSeparator},
};

}  // namespace

Character character_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return {};
  char32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF) return {};
  return {code, size};
}

CharacterKind kind_of(char32_t code) noexcept {
  const auto* const block = std::lower_bound(
      std::begin(kBlocks), std::end(kBlocks), code,
      [](const Block& candidate, char32_t wanted) { return candidate.last < wanted; });
  const bool listed = block != std::end(kBlocks) && block->first <= code;
  return listed ? block->kind : CharacterKind::kLetter;
}

char32_t to_small(char32_t code) noexcept {
  const auto between = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  if (between(0xC0, 0xDE) && code != 0xD7) return code + 0x20;
  if (between(0x0100, 0x012F) || between(0x0132, 0x0137) || between(0x014A, 0x0177)) {
    return code | 1;
  }
  if (between(0x0139, 0x0148) || between(0x0179, 0x017E)) return code + (code & 1);
  if (between(0x0391, 0x03A9)) return code + 0x20;
  if (between(0x0400, 0x040F)) return code + 0x50;
  if (between(0x0410, 0x042F)) return code + 0x20;
  return code;
}

}  // namespace keep::text
