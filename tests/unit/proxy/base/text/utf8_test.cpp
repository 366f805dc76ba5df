#include "base/text/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace keep::utf8 {
namespace {

constexpr char32_t kLast = 0x10FFFF;

template <class Visit>
void for_each_code_point(Visit visit) {
  for (char32_t code = 0; code <= kLast; ++code) {
    if (code < 0xD800 || code > 0xDFFF) visit(code);
  }
}

TEST(Utf8, ReadsWhatItWrites) {
  for_each_code_point([](char32_t code) {
    const std::string text = "." + std::string(encode(code)) + ".";
    const Character read = decode(text, 1);
    const std::size_t size = text.size() - 2;
    ASSERT_TRUE(read.code == code && read.size == size && length_at(text, 1) == size)
        << std::hex << std::size_t{code};
  });
}

TEST(Utf8, TakesNothingThatIsCutOff) {
  for (const std::string whole : {"\u00e9", "\u20ac", "\U0001F44D"}) {
    ASSERT_TRUE(is_valid(whole + whole));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const std::string cut = whole.substr(0, size);
      for (const std::string& text : {cut, cut + "a", cut + whole}) {
        EXPECT_EQ(decode(text, 0).size, 0U) << size;
        EXPECT_EQ(decode(text, 0).code, 0U) << size;
        EXPECT_FALSE(is_valid(text)) << size;
      }
      EXPECT_FALSE(is_valid(whole.substr(size))) << size;
    }
  }
}

TEST(Utf8, TakesNothingThatIsNoCharacter) {
  for (const std::string text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_EQ(length_at(text, 0), 0U);
    EXPECT_FALSE(is_valid(text));
  }
  EXPECT_TRUE(is_valid(""));
  EXPECT_TRUE(is_valid(std::string_view("a\0b", 3)));
}

TEST(Utf8, FindsBoundaries) {
  const std::string_view text = "a\u20acb";
  const std::vector<std::size_t> from{0, 1, 4, 4, 4, 5}, before{0, 1, 1, 1, 4, 5};
  for (std::size_t at = 0; at <= text.size(); ++at) {
    EXPECT_EQ(boundary_from(text, at), from[at]);
    EXPECT_EQ(boundary_before(text, at), before[at]);
  }
  EXPECT_EQ(boundary_from("\x80\x80", 0), 2U);
  EXPECT_EQ(boundary_before("\x80\x80", 1), 0U);
}

TEST(Utf8, SmallLettersAreNeverLonger) {
  std::size_t changed = 0;
  for_each_code_point([&](char32_t code) {
    const char32_t small = to_small(code);
    if (small == code) return;
    ++changed;
    ASSERT_LE(encode(small).size, encode(code).size) << std::hex << std::size_t{code};
    ASSERT_EQ(to_small(small), small) << std::hex << std::size_t{code};
    ASSERT_EQ(category_of(small), category_of(code)) << std::hex << std::size_t{code};
  });
  EXPECT_GT(changed, 1400U);  // capitals of Unicode 15
}

TEST(Utf8, KnowsCapitalsOfAllScripts) {
  const std::vector<std::pair<char32_t, char32_t>> capitals{
      {'A', 'a'},       {0xC4, 0xE4},       {0x0130, 'i'},      {0x0178, 0xFF},   {0x01C5, 0x01C6},
      {0x1EA0, 0x1EA1}, {0x212A, 'k'},      {0x0386, 0x03AC},   {0x03A3, 0x03C3}, {0x03C2, 0x03C3},
      {0x1F08, 0x1F00}, {0x0414, 0x0434},   {0x0490, 0x0491},   {0x0531, 0x0561}, {0x1C90, 0x10D0},
      {0x13A0, 0xAB70}, {0x10400, 0x10428}, {0x1E900, 0x1E922}, {0xFF21, 0xFF41}, {0x2160, 0x2170},
  };
  for (const auto& [capital, small] : capitals) {
    EXPECT_EQ(to_small(capital), small) << std::hex << std::size_t{capital};
  }
  for (const char32_t same : {0x023AU, 0x023EU, 0xDFU, 0xD7U, 0x05D0U, 0x4E00U, 0x1F44DU}) {
    EXPECT_EQ(to_small(same), same) << std::hex << std::size_t{same};
  }
}

TEST(Utf8, TellsCategories) {
  const std::vector<std::pair<char32_t, Category>> some{
      {'a', Category::kLetter},        {0xAA, Category::kLetter},
      {0x0915, Category::kLetter},     {0x30FC, Category::kLetter},
      {0x0301, Category::kMark},       {0x093F, Category::kMark},
      {'7', Category::kNumber},        {0x0966, Category::kNumber},
      {0x2167, Category::kNumber},     {' ', Category::kSeparator},
      {0, Category::kSeparator},       {0x060C, Category::kSeparator},
      {0x0964, Category::kSeparator},  {0xB2, Category::kSeparator},
      {0xBD, Category::kSeparator},    {0x200B, Category::kSeparator},
      {0x1F44D, Category::kSeparator}, {0xE000, Category::kUnknown},
      {0xFFFF, Category::kUnknown},    {kLast, Category::kUnknown},
  };
  for (const auto& [code, category] : some) {
    EXPECT_EQ(category_of(code), category) << std::hex << std::size_t{code};
  }
}

}  // namespace
}  // namespace keep::utf8
