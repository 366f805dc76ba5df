#include "openai/count_of.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::openai {
namespace {

TEST(CountOf, WhatCannotBeACountIsNone) {
  const auto count = [](const std::string& text) { return count_of(json::Value(text)); };
  EXPECT_EQ(count("0"), 0);
  EXPECT_EQ(count("1"), 1);
  EXPECT_EQ(count("1000000000"), 1'000'000'000);
  for (const char* const odd : {"1000000001", "-1", "9223372036854775807", "-9223372036854775808",
                                "1e30", "1.5", "\"1\"", "null", "[]", "{}", ""}) {
    EXPECT_EQ(count(odd), 0) << odd;
  }
  const std::string slots = "5000";
  EXPECT_EQ(count_of(json::Value(slots), kMaxSlots), 0);
}

}  // namespace
}  // namespace keep::openai
