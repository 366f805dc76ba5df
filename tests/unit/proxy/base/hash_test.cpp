#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <set>

namespace keep {
namespace {

TEST(Hash64, IsXxh3) {
  EXPECT_EQ(to_hex(hash64("")), "2d06800538d394c2");
  EXPECT_EQ(hash64("a"), hash64(std::string("a")));
  EXPECT_NE(hash64("a"), hash64("b"));
  EXPECT_NE(hash64("a"), hash64("a", 1));
}

TEST(HashCombine, DependsOnTheOrder) {
  EXPECT_NE(hash_combine(1, 2), hash_combine(2, 1));
  EXPECT_NE(hash_combine(0, 0), 0U);
}

TEST(HashCombine, TellsChainsApart) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t a = 0; a < 100; ++a) {
    for (std::uint64_t b = 0; b < 100; ++b) seen.insert(hash_combine(hash_combine(0, a), b));
  }
  EXPECT_EQ(seen.size(), 10000U);
}

TEST(Hash128Hex, IsCanonical) {
  EXPECT_EQ(hash128_hex(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash128_hex("a").size(), 32U);
}

TEST(ToHex, PadsToSixteenDigits) {
  EXPECT_EQ(to_hex(0), "0000000000000000");
  EXPECT_EQ(to_hex(0xABCDEF), "0000000000abcdef");
  EXPECT_EQ(to_hex(~std::uint64_t{0}), "ffffffffffffffff");
}

TEST(EqualConstantTime, ComparesWholeTexts) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("key", "key"));
  EXPECT_FALSE(equal_constant_time("key", "kez"));
  EXPECT_FALSE(equal_constant_time("key", "keykey"));
  EXPECT_FALSE(equal_constant_time("keykey", "key"));
  EXPECT_FALSE(equal_constant_time("", "key"));
  EXPECT_FALSE(equal_constant_time("key", ""));
}

}  // namespace
}  // namespace keep
