#include "base/config/checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::config {
namespace {

using ::testing::HasSubstr;

TEST(OneOf, NamesTheChoices) {
  const Check check = one_of({"drop", "freeze"});
  std::string text = "freeze";
  EXPECT_TRUE(check(text));
  text = "erase";
  EXPECT_EQ(check(text).error().detail, R"(expected one of "drop", "freeze", not "erase")");
}

TEST(CheckServerUrl, SaysWhatToDoAboutTls) {
  std::string url = "https://example.org";
  EXPECT_THAT(check_server_url(url).error().detail, HasSubstr("TLS"));
}

TEST(CheckServerUrl, TakesHostAndPortOnly) {
  std::string url = " http://box:8080// ";
  ASSERT_TRUE(check_server_url(url));
  EXPECT_EQ(url, "http://box:8080");
  for (std::string bad : {"", "box:8080", "http://", "http://box", "http://:1", "http://box:0",
                          "http://box:1/v1", "http://u@box:1", "ftp://box:1", "http://box:1?x"}) {
    EXPECT_FALSE(check_server_url(bad)) << bad;
  }
}

TEST(CheckServerUrl, RepeatsNoPassword) {
  for (std::string bad : {"http://u:secret@box:1", "http://u:secret@box", "u:secret@box:1"}) {
    EXPECT_EQ(check_server_url(bad).error().detail.find("secret"), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace keep::config
