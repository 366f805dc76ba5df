#include "base/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace keep {
namespace {

// In a program of its own, whose stderr the test reads.
[[noreturn]] void say_and_end(log::Format format, bool journal) {
  if (journal) {
    ::setenv("JOURNAL_STREAM", "8:1", 1);
  } else {
    ::unsetenv("JOURNAL_STREAM");
  }
  log::start(log::Level::kInfo, format);
  log::debug("unseen");
  log::info("said", {{"n", 1}, {"text", "two words"}, {"plain", "word"}});
  log::warn("last", {{"seconds", 0.5}});
  log::stop();
  ::_exit(0);
}

class LogDeathTest : public testing::Test {
 protected:
  LogDeathTest() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(LogDeathTest, TextHasTimeAndLevel) {
  EXPECT_EXIT(say_and_end(log::Format::kText, false), testing::ExitedWithCode(0),
              "^20[0-9-]+T[0-9:.]+ I said n=1 text=\"two words\" plain=word\n"
              "20[0-9-]+T[0-9:.]+ W last seconds=0.5\n$");
}

TEST_F(LogDeathTest, JsonHasTimeAndLevel) {
  EXPECT_EXIT(
      say_and_end(log::Format::kJson, false), testing::ExitedWithCode(0),
      "^\\{\"time\":\"20[0-9-]+T[0-9:.]+[+-][0-9:]+\",\"level\":\"info\",\"message\":\"said\","
      "\"n\":1,\"text\":\"two words\",\"plain\":\"word\"\\}\n\\{\"time\":");
}

TEST_F(LogDeathTest, TheJournalStampsLinesItself) {
  EXPECT_EXIT(say_and_end(log::Format::kText, true), testing::ExitedWithCode(0),
              "^<6>said n=1 text=\"two words\" plain=word\n<4>last seconds=0.5\n$");
  EXPECT_EXIT(say_and_end(log::Format::kJson, true), testing::ExitedWithCode(0),
              "^<6>\\{\"level\":\"info\",\"message\":\"said\"");
}

}  // namespace
}  // namespace keep
