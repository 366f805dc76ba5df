#include "text/characters.hpp"

#include "base/text/utf8.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace keep::text {
namespace {

TEST(Characters, KnowTheirKind) {
  const std::vector<std::pair<char32_t, CharacterKind>> some{
      {0xE9, CharacterKind::kLetter},        // e acute
      {0x05D0, CharacterKind::kLetter},      // alef
      {0x0967, CharacterKind::kLetter},      // Devanagari 1
      {0x2082, CharacterKind::kLetter},      // lowered 2
      {0xB2, CharacterKind::kSeparator},     // raised 2
      {0x0301, CharacterKind::kMark},        // acute
      {0x055E, CharacterKind::kMark},        // Armenian question mark
      {0x05F4, CharacterKind::kMark},        // gershayim
      {0x094D, CharacterKind::kMark},        // virama
      {0x0E01, CharacterKind::kUnspaced},    // ko kai
      {0x0E34, CharacterKind::kUnspaced},    // sara i, a mark
      {0x3005, CharacterKind::kUnspaced},    // says a Han character again
      {0x30FC, CharacterKind::kUnspaced},    // makes a vowel long
      {0x4E00, CharacterKind::kUnspaced},    // Han
      {0xAC00, CharacterKind::kUnspaced},    // Hangul
      {0x323B0, CharacterKind::kUnspaced},   // Han that is not assigned yet
      {0x30FB, CharacterKind::kSeparator},   // middle dot between names
      {0x3002, CharacterKind::kSeparator},   // ideographic stop
      {0x0E3F, CharacterKind::kSeparator},   // baht
      {0x2019, CharacterKind::kSeparator},   // quotation mark
      {0xFE0F, CharacterKind::kSeparator},   // variation selector
      {0x1F44D, CharacterKind::kSeparator},  // a picture
      {0xE000, CharacterKind::kSeparator},   // private
      {0, CharacterKind::kSeparator},
  };
  for (const auto& [code, kind] : some) {
    EXPECT_EQ(kind_of(code), kind) << std::hex << std::size_t{code};
  }
}

TEST(Characters, StayOfOneKindWhenSmall) {
  for (char32_t code = 0x80; code <= 0x10FFFF; ++code) {
    const char32_t small = utf8::to_small(code);
    if (small == code) continue;
    ASSERT_EQ(kind_of(code), kind_of(small)) << std::hex << std::size_t{code};
  }
}

}  // namespace
}  // namespace keep::text
