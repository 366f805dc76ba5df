#include "exchange/large_request.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep {
namespace {

TEST(LargeRequest, OneThatIsKnownBringsLittle) {
  const auto exchange =
      test::make_exchange(test::chat_body({{"user", std::string(kLargeRequest, 'x')}}));
  EXPECT_TRUE(is_large(*exchange));
  EXPECT_TRUE(brings_much(*exchange));
  exchange->chat.known_bytes = exchange->chat_body.size() - 8;
  EXPECT_TRUE(is_large(*exchange));
  EXPECT_FALSE(brings_much(*exchange));
  exchange->chat.known_bytes = 32;  // of a system's prompt, say
  EXPECT_TRUE(brings_much(*exchange));
}

TEST(LargeRequest, ManyKnownMessagesAreMuch) {
  const auto exchange =
      test::make_exchange(test::chat_body({{"user", std::string(kLargeRequest, 'x')}}));
  exchange->chat.known_bytes = exchange->chat_body.size();
  exchange->chat.messages.resize(kLargeRequest / 64);
  EXPECT_TRUE(brings_much(*exchange));
}

TEST(LargeRequest, ASmallOneBringsNothingMuch) {
  const auto exchange = test::make_exchange(test::chat_body({{"user", "x"}}));
  exchange->chat.messages.resize(kLargeRequest);
  EXPECT_FALSE(is_large(*exchange));
  EXPECT_FALSE(brings_much(*exchange));
}

}  // namespace
}  // namespace keep
