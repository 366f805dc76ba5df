#include "app/suggestion.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(Nearest, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest("log.levl", {"log.format", "log.level"}), "log.level");
  EXPECT_EQ(nearest("xyz", {"log.format", "log.level"}), "");
}

TEST(Suggestion, IsAQuestionOrNothing) {
  EXPECT_EQ(suggestion("log.levl", {"log.format", "log.level"}), "; did you mean log.level?");
  EXPECT_EQ(suggestion("xyz", {"log.format", "log.level"}), "");
}

}  // namespace
}  // namespace keep
