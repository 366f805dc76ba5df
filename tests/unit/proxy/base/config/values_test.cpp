#include "base/config/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::config {
namespace {

using std::chrono::milliseconds;

TEST(ParseBytes, KnowsUnits) {
  EXPECT_EQ(*parse_bytes("0"), 0u);
  EXPECT_EQ(*parse_bytes("4096"), 4096u);
  EXPECT_EQ(*parse_bytes("64KB"), 65536u);
  EXPECT_EQ(*parse_bytes(" 64 mb "), 64u << 20);
  EXPECT_EQ(*parse_bytes("1GiB"), 1u << 30);
  EXPECT_EQ(*parse_bytes("1.5k"), 1536u);
  for (const char* bad :
       {"", "MB", "1TB", "-1", "1.5", "0x10", "1e3", "99999999999999999999", "inf"}) {
    EXPECT_FALSE(parse_bytes(bad)) << bad;
  }
}

TEST(ParseDuration, KnowsUnits) {
  EXPECT_EQ(*parse_duration("30"), milliseconds(30000));
  EXPECT_EQ(*parse_duration("0.25"), milliseconds(250));
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("2 m"), milliseconds(120000));
  EXPECT_EQ(*parse_duration("1h"), milliseconds(3600000));
  for (const char* bad : {"", "s", "1 day", "-1", "nan", "1s2"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Formats, AreReadBack) {
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 1023ULL, 1024ULL, 1536ULL, 67108864ULL, 3ULL << 30}) {
    EXPECT_EQ(*parse_bytes(format_bytes(bytes)), bytes);
  }
  EXPECT_EQ(format_bytes(64 << 20), "64MB");
  for (const int ms : {1, 10, 250, 1000, 1500, 600000}) {
    EXPECT_EQ(*parse_duration(format_seconds(milliseconds(ms))), milliseconds(ms));
  }
  EXPECT_EQ(format_seconds(milliseconds(1500)), "1.5");
}

TEST(ParseBool, KnowsWhatPeopleWrite) {
  for (const char* yes : {"true", "on", "YES", " 1 "}) EXPECT_TRUE(*parse_bool(yes)) << yes;
  for (const char* no : {"false", "Off", "no", "0"}) EXPECT_FALSE(*parse_bool(no)) << no;
  for (const char* bad : {"", "2", "enabled"}) EXPECT_FALSE(parse_bool(bad)) << bad;
}

TEST(ParseFraction, WantsPlainNumbers) {
  EXPECT_EQ(*parse_fraction("0.5"), 0.5);
  EXPECT_EQ(format_fraction(1), "1.0");
  for (const char* bad : {"", "half", "0.5x", "inf", "nan"})
    EXPECT_FALSE(parse_fraction(bad)) << bad;
}

}  // namespace
}  // namespace keep::config
