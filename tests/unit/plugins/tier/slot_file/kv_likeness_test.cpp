#include "plugins/tier/slot_file/kv_likeness.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

constexpr std::uint32_t kF32 = 0, kF16 = 1, kQ8 = 8, kBf16 = 30;

// Of two parts, of four bytes a token each.
KvLayout layout(std::uint32_t type) {
  KvLayout layout;
  layout.parts = {{type, 4, 0}, {type, 4, 0}};
  return layout;
}

template <class Number>
std::string bytes(const std::vector<Number>& numbers) {
  return std::string(std::string_view(reinterpret_cast<const char*>(numbers.data()),
                                      numbers.size() * sizeof(Number)));
}

TEST(KvLikeness, OfFloatsIsTheirDistance) {
  const auto rows = [](float second) { return bytes(std::vector<float>{1, 2, 3, second}); };
  EXPECT_TRUE(are_alike(layout(kF32), 2, rows(4), rows(4)));
  EXPECT_TRUE(are_alike(layout(kF32), 2, rows(4), rows(4.1F)));
  EXPECT_FALSE(are_alike(layout(kF32), 2, rows(4), rows(4.3F)));
  EXPECT_FALSE(are_alike(layout(kF32), 2, rows(4), rows(-4)));
}

// One part that is quite another counts, however near the others are.
TEST(KvLikeness, IsAskedOfEachPart) {
  const auto rows = [](float of_first) { return bytes(std::vector<float>{of_first, 0, 1000, 0}); };
  EXPECT_TRUE(are_alike(layout(kF32), 2, rows(1), rows(1)));
  EXPECT_FALSE(are_alike(layout(kF32), 2, rows(1), rows(2)));
}

TEST(KvLikeness, KnowsHalves) {
  const auto rows = [](std::uint16_t last) {
    return bytes(std::vector<std::uint16_t>{0x3c00, 0x4000, 0xc200, last});  // 1, 2, -3
  };
  const KvLayout one = layout(kF16);
  EXPECT_TRUE(are_alike(one, 1, rows(0x4400), rows(0x4402)));   // 4 and 4.008
  EXPECT_FALSE(are_alike(one, 1, rows(0x4400), rows(0x4480)));  // 4 and 4.5
  EXPECT_FALSE(are_alike(one, 1, rows(0x4400), rows(0xc400)));
  const std::vector<std::uint16_t> tiny{1, 2, 3, 4}, others{1, 2, 3, 8};
  EXPECT_TRUE(are_alike(one, 1, bytes(tiny), bytes(tiny)));
  EXPECT_FALSE(are_alike(one, 1, bytes(tiny), bytes(others)));
}

TEST(KvLikeness, KnowsShortenedFloats) {
  const auto rows = [](float last) {
    std::vector<std::uint16_t> halves;
    for (const float number : {1.0F, 2.0F, 3.0F, last}) {
      halves.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> 16));
    }
    return bytes(halves);
  };
  EXPECT_TRUE(are_alike(layout(kBf16), 1, rows(4), rows(4.05F)));
  EXPECT_FALSE(are_alike(layout(kBf16), 1, rows(4), rows(5)));
}

TEST(KvLikeness, OfOtherTypesIsOfBytes) {
  EXPECT_TRUE(are_alike(layout(kQ8), 1, "abcdefgh", "abxxefxx"));
  EXPECT_FALSE(are_alike(layout(kQ8), 1, "abcdefgh", "abxxexxx"));
}

TEST(KvLikeness, NeedsTheSameShape) {
  EXPECT_FALSE(are_alike(layout(kQ8), 1, "abcdefgh", "abcdefg"));
  EXPECT_FALSE(are_alike(layout(kQ8), 1, "abcd", "abcd"));
  EXPECT_FALSE(are_alike(layout(kQ8), 1, "abcdefghi", "abcdefghi"));
  EXPECT_TRUE(are_alike(layout(kQ8), 1, "abcdefgh", "abcdefgh"));
}

// Numbers that are none are never near.
TEST(KvLikeness, OfBrokenNumbersIsNone) {
  const std::vector<float> broken{0.0F / 0.0F, 1, 1, 1};
  EXPECT_FALSE(are_alike(layout(kF32), 2, bytes(broken), bytes(broken)));
}

}  // namespace
}  // namespace keep::tier
