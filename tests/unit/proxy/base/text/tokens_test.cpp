#include "base/text/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TokensOf, TrimsAndSkipsEmpty) {
  EXPECT_THAT(tokens_of(" a, b ,,c,\n"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(tokens_of(" , "), IsEmpty());
}

}  // namespace
}  // namespace keep
