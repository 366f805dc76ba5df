#include "base/text/contains.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep {
namespace {

TEST(Contains, IsWhatFindSays) {
  EXPECT_TRUE(contains("a text", "text"));
  EXPECT_TRUE(contains("a text", "a text"));
  EXPECT_TRUE(contains("a text", ""));
  EXPECT_FALSE(contains("a text", "tent"));
  EXPECT_FALSE(contains("text", "a text"));
  EXPECT_TRUE(contains(std::string_view("a\0b", 3), std::string_view("\0b", 2)));
}

// The limit of this test is the program's patience: at a comparison for each place it takes hours.
TEST(Contains, IsLinearForTheWorstOfTexts) {
  const std::string text(8 << 20, 'a');
  EXPECT_FALSE(contains(text, std::string(4 << 20, 'a') + "b"));
  EXPECT_FALSE(contains(text, "b" + std::string(4 << 20, 'a')));
}

}  // namespace
}  // namespace keep
