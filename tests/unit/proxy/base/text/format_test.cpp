#include "base/text/format.hpp"

#include "base/time/unix_time.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(Format, WritesTimesInUtc) {
  EXPECT_EQ(format_utc(0, "%F"), "1970-01-01");
  EXPECT_EQ(format_utc(1709251199, "%FT%TZ"), "2024-02-29T23:59:59Z");
  EXPECT_EQ(format_utc(kMaxUnixTime, "%F %T"), "9999-12-31 23:59:59");
}

TEST(Format, TakesTimesOfNoClock) {
  EXPECT_EQ(format_utc(-1, "%F"), "1970-01-01");
  EXPECT_EQ(format_utc(INT64_MIN, "%F"), "1970-01-01");
  EXPECT_EQ(format_utc(INT64_MAX, "%F"), "9999-12-31");
}

}  // namespace
}  // namespace keep
