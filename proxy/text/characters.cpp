#include "text/characters.hpp"

#include "base/text/utf8.hpp"

#include <algorithm>

namespace keep::text {

namespace {

struct Block {
  char32_t first, last;
};

// Unicode has no property for this.
constexpr Block kUnspacedBlocks[] = {
    {0x0E00, 0x0EFF},    // Thai, Lao
    {0x1000, 0x109F},    // Burmese
    {0x1780, 0x17FF},    // Khmer
    {0x3000, 0x312F},    // Hiragana, Katakana, Bopomofo, signs that repeat or count
    {0x3400, 0x9FFF},    // Han
    {0xAC00, 0xD7AF},    // Hangul: spaced, but words carry their particles
    {0xF900, 0xFAFF},    // more Han
    {0x20000, 0x3FFFF},  // and what will be added
};

bool is_unspaced(char32_t code) noexcept {
  if (code < kUnspacedBlocks[0].first) return false;
  return std::ranges::any_of(kUnspacedBlocks, [code](const Block& block) {
    return block.first <= code && code <= block.last;
  });
}

// They choose how the character before them is drawn.
bool is_variation_selector(char32_t code) noexcept {
  return (code >= 0xFE00 && code <= 0xFE0F) || (code >= 0xE0100 && code <= 0xE01EF);
}

// Of formulas: "H\u2082O" is one word. A raised digit is a power or leads to a note, and is none.
bool is_lowered_digit(char32_t code) noexcept { return code >= 0x2080 && code <= 0x2089; }

// Punctuation that stands inside words: Armenian marks of tone, Hebrew ones of abbreviations.
bool is_mark_of_word(char32_t code) noexcept {
  return code == 0x055B || code == 0x055C || code == 0x055E || code == 0x05F3 || code == 0x05F4;
}

}  // namespace

CharacterKind kind_of(char32_t code) noexcept {
  if (is_lowered_digit(code)) return CharacterKind::kLetter;
  if (is_mark_of_word(code)) return CharacterKind::kMark;
  switch (utf8::category_of(code)) {
    case utf8::Category::kLetter:
    case utf8::Category::kNumber:
      return is_unspaced(code) ? CharacterKind::kUnspaced : CharacterKind::kLetter;
    case utf8::Category::kMark:
      if (is_variation_selector(code)) return CharacterKind::kSeparator;
      return is_unspaced(code) ? CharacterKind::kUnspaced : CharacterKind::kMark;
    case utf8::Category::kUnknown:
      return code >= 0x20000 && code <= 0x3FFFF ? CharacterKind::kUnspaced
                                                : CharacterKind::kSeparator;
    case utf8::Category::kSeparator: break;
  }
  return CharacterKind::kSeparator;
}

}  // namespace keep::text
