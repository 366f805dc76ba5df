#include "app/client/chat_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SplitWords, LeavesTheRestToTheLast) {
  EXPECT_THAT(split_words("  pets dog\tMy dog  is \"Bruno\". ", 3),
              ElementsAre("pets", "dog", "My dog  is \"Bruno\"."));
  EXPECT_THAT(split_words("pets", 3), ElementsAre("pets"));
  EXPECT_THAT(split_words(" \t", 3), IsEmpty());
}

TEST(SplitWords, KeepsQuotedWordsTogether) {
  EXPECT_THAT(split_words("\"my pets\" \"the dog\" Bruno", 3),
              ElementsAre("my pets", "the dog", "Bruno"));
  EXPECT_THAT(split_words("\"half a quote", 3), ElementsAre("\"half", "a", "quote"));
  EXPECT_THAT(split_words("\"\" b c", 3), ElementsAre("", "b", "c"));
}

TEST(IsQuit, IsTheWholeLine) {
  EXPECT_TRUE(is_quit("/quit"));
  EXPECT_FALSE(is_quit("/quitting"));
  EXPECT_TRUE(is_command("/anything"));
  EXPECT_FALSE(is_command("a/b"));
}

}  // namespace
}  // namespace keep
