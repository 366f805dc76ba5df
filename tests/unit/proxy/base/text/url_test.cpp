#include "base/text/url.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(Authority, IsAHostAndAPort) {
  const auto named = url::parse_authority("Gpu.local:8080");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->host, "Gpu.local");
  EXPECT_EQ(named->address(), "Gpu.local");
  EXPECT_EQ(named->port_number(), 8080);
  const auto address = url::parse_authority("[::1]:80");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "[::1]");
  EXPECT_EQ(address->address(), "::1");
  const auto alone = url::parse_authority("localhost");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->port, "");
  EXPECT_FALSE(alone->port_number());
  EXPECT_TRUE(url::parse_authority(""));
}

TEST(Authority, IsNothingElse) {
  for (const char* bad :
       {"me@host", "me:word@host:1", "host:x", "host:123456", "a b", "host/path", "[::1",
        "[::1].evil.com", "[::1]]", "[zz]", "[]", "[127.0.0.1]", "::1", "a%2", "evil%2ecom",
        "evil.com%00.localhost", "host?q", "a\tb", "h\xFF"}) {
    EXPECT_FALSE(url::parse_authority(bad)) << bad;
  }
  EXPECT_FALSE(url::parse_authority("host:99999")->port_number());
}

TEST(Url, HasASchemeAndAnAuthority) {
  const auto origin = url::parse("https://chat.example.org:8443");
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->scheme, "https");
  EXPECT_EQ(origin->authority.host, "chat.example.org");
  EXPECT_EQ(origin->authority.port, "8443");
  EXPECT_TRUE(origin->is_origin);
  EXPECT_TRUE(url::parse("file://")->is_origin);
  for (const char* more : {"http://h/", "http://h/path", "http://h?q", "http://h#f"}) {
    EXPECT_FALSE(url::parse(more)->is_origin) << more;
  }
  for (const char* bad : {"", "h", "null", "h:80", "http:/h", "mailto:me", "mailto:x://h",
                          "1http://h", "http://me@h", "://h", "http://h h", "http://[::1"}) {
    EXPECT_FALSE(url::parse(bad)) << bad;
  }
}

TEST(Percent, KeepsWhatMayStandInATarget) {
  EXPECT_EQ(url::percent_encode("chat-1_a.b~C"), "chat-1_a.b~C");
  EXPECT_EQ(url::percent_encode("a b/c?d%\xC3\xA9"), "a%20b%2Fc%3Fd%25%C3%A9");
}

TEST(Percent, ReadsBackEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(url::percent_decode(url::percent_encode(all)), all);
}

TEST(Percent, RefusesHalfAnEscape) {
  for (const char* bad : {"%", "a%4", "%zz", "%4g", "%-1"}) EXPECT_FALSE(url::percent_decode(bad));
  EXPECT_EQ(url::percent_decode("a+b%2b"), "a+b+");
}

}  // namespace
}  // namespace keep
