#include "base/text/percent.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(Percent, KeepsWhatMayStandInATarget) {
  EXPECT_EQ(percent::encode("chat-1_a.b~C"), "chat-1_a.b~C");
  EXPECT_EQ(percent::encode("a b/c?d%\xC3\xA9"), "a%20b%2Fc%3Fd%25%C3%A9");
}

TEST(Percent, ReadsBackEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent::decode(percent::encode(all)), all);
}

TEST(Percent, RefusesHalfAnEscape) {
  for (const char* bad : {"%", "a%4", "%zz", "%4g", "%-1"}) EXPECT_FALSE(percent::decode(bad));
  EXPECT_EQ(percent::decode("a+b%2b"), "a+b+");
}

}  // namespace
}  // namespace keep
