#include "base/async/deadline.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace keep {
namespace {

using namespace std::chrono_literals;

class DeadlineTest : public testing::Test {
 protected:
  asio::io_context loop_;
  int calls_ = 0;
  std::optional<Deadline> deadline_{std::in_place, loop_.get_executor(), [this] { ++calls_; }};
};

TEST_F(DeadlineTest, PassesOnceAndStays) {
  deadline_->set(1ms, "first");
  loop_.run();
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(deadline_->passed());
  deadline_->set(1ms, "second");
  loop_.restart();
  loop_.run();
  EXPECT_EQ(calls_, 1);
  EXPECT_STREQ(deadline_->what(), "first") << "what was waited for when it passed";
}

TEST_F(DeadlineTest, MovesFartherAway) {
  const Instant begin = std::chrono::steady_clock::now();
  deadline_->set(1ms, "short");
  deadline_->set(20ms, "long");
  loop_.run();
  EXPECT_EQ(calls_, 1);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
  EXPECT_STREQ(deadline_->what(), "long");
}

TEST_F(DeadlineTest, MovesNearer) {
  deadline_->set(1h, "long");
  deadline_->set(1ms, "short");
  loop_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTest, IsUsedAgainAfterClear) {
  deadline_->set(1ms, "cleared");
  deadline_->clear();
  loop_.run();
  EXPECT_EQ(calls_, 0);
  EXPECT_FALSE(deadline_->passed());
  deadline_->set(1ms, "set");
  loop_.restart();
  loop_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTest, MayGoWhileItsTimerIsArmed) {
  deadline_->set(1ms, "gone");
  deadline_.reset();
  loop_.run();
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace keep
