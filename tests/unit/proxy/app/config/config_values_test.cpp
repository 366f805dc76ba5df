#include "app/config/config_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::config {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

TEST(CheckUpstreamUrl, SaysWhatToDoAboutTls) {
  std::string url = "https://example.org";
  EXPECT_THAT(check_upstream_url(url).error().detail, HasSubstr("TLS"));
}

TEST(CheckUpstreamUrl, TakesHostAndPortOnly) {
  std::string url = " http://box:8080// ";
  ASSERT_TRUE(check_upstream_url(url));
  EXPECT_EQ(url, "http://box:8080");
  for (std::string bad : {"", "box:8080", "http://", "http://box", "http://:1", "http://box:0",
                          "http://box:1/v1", "http://u@box:1", "ftp://box:1", "http://box:1?x"}) {
    EXPECT_FALSE(check_upstream_url(bad)) << bad;
  }
}

TEST(CheckCorsOrigins, MakesThemWhatBrowsersSend) {
  std::string origins = " https://Chat.example.org:443/, http://10.0.0.5:3000, http://box:80 ";
  ASSERT_TRUE(check_cors_origins(origins));
  EXPECT_EQ(origins, "https://chat.example.org, http://10.0.0.5:3000, http://box");
  for (std::string bad :
       {"chat.example.org", "https://", "https:///", "https://a/b", "https://*"}) {
    EXPECT_FALSE(check_cors_origins(bad)) << bad;
  }
}

TEST(SplitList, TrimsAndSkipsEmpty) {
  EXPECT_THAT(split_list(" a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_list(" , "), IsEmpty());
}

TEST(Nearest, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest("log.levl", {"log.format", "log.level"}), "log.level");
  EXPECT_EQ(nearest("xyz", {"log.format", "log.level"}), "");
}

}  // namespace
}  // namespace keep::config
