#include "app/config/addresses.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(CheckCorsOrigins, MakesThemWhatBrowsersSend) {
  std::string origins = " https://Chat.example.org:443/, http://10.0.0.5:3000, http://box:80 ";
  ASSERT_TRUE(config::check_cors_origins(origins));
  EXPECT_EQ(origins, "https://chat.example.org, http://10.0.0.5:3000, http://box");
  for (std::string bad :
       {"chat.example.org", "https://", "https:///", "https://a/b", "https://*"}) {
    EXPECT_FALSE(config::check_cors_origins(bad)) << bad;
  }
}

TEST(ParseListenAddress, TakesAddressesOnly) {
  EXPECT_EQ(parse_listen_address("localhost:1")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address("[::1]:65535")->port, 65535);
  EXPECT_EQ(parse_listen_address("0.0.0.0:0")->port, 0);
  for (const char* bad : {"", "8200", "host:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                          "::1:80", "[::1]", "[::1", "127.0.0.1:80x"}) {
    EXPECT_FALSE(parse_listen_address(bad)) << bad;
  }
}

TEST(CheckListenAddress, TakesItsSpaceAway) {
  std::string address = " [::1]:8200 ";
  ASSERT_TRUE(config::check_listen_address(address));
  EXPECT_EQ(address, "[::1]:8200");
}

}  // namespace
}  // namespace keep
