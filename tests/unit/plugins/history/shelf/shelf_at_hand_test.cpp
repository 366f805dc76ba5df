#include "tests/unit/plugins/history/shelf/shelf_fixture.hpp"

#include <semaphore>

namespace keep::history {
namespace {

using namespace test;

TEST_F(ShelfTest, AnOpenLogIsAtHandWhileNobodyHasATurn) {
  reopen();
  EXPECT_EQ(shelf_->at_hand(name(1)), nullptr) << "no such conversation";
  say(name(1), 3);
  ASSERT_NE(shelf_->at_hand(name(1)), nullptr);
  EXPECT_EQ(shelf_->at_hand(name(1))->size(), 3U);
  EXPECT_EQ(shelf_->at_hand(name(1, "other")), nullptr);

  std::binary_semaphore go{0};
  bool ended = false;
  auto wait = [&go](ConversationLog&) -> Result<> {
    go.acquire();
    return {};
  };
  asio::co_spawn(loop_, shelf_->with(name(1), false, wait),
                 [&](const std::exception_ptr&, const Result<>&) { ended = true; });
  loop_.run_one();  // asks for the turn
  EXPECT_EQ(shelf_->at_hand(name(1)), nullptr) << "somebody has a turn";
  go.release();
  until([&] { return ended; });
  EXPECT_NE(shelf_->at_hand(name(1)), nullptr);

  reopen();
  EXPECT_EQ(shelf_->at_hand(name(1)), nullptr) << "known, but not open";
}

TEST_F(ShelfTest, WhatWaitsIsAppendedBeforeAnythingElseHappens) {
  reopen();
  say(name(1), 3);
  const auto next = [](Position parent) {
    NewMessage message = said(parent + 1);
    message.parent = parent;
    return std::vector<NewMessage>{message};
  };
  shelf_->add_later(name(1), next(2));
  EXPECT_TRUE(shelf_->waits(name(1)));
  EXPECT_EQ(shelf_->at_hand(name(1)), nullptr) << "it is not what it will be";
  EXPECT_EQ(size_of(name(1)).value(), 4U);
  EXPECT_EQ(shelf_->find(name(1))->messages, 4U);
  ASSERT_NE(shelf_->at_hand(name(1)), nullptr);
  EXPECT_TRUE(shelf_->waits(name(1))) << "to be written, or taken back";
  write(name(1));
  EXPECT_FALSE(shelf_->waits(name(1)));
  // Not even age takes it away.
  settings_.ttl = std::chrono::hours(1);
  reopen();
  ASSERT_EQ(size_of(name(1)).value(), 4U);
  shelf_->add_later(name(1), next(3));
  now_ += 2 * 3600;
  shelf_->sweep();
  EXPECT_EQ(size_of(name(1)).value(), 5U);
  write(name(1));
  // What cannot follow is not kept, and harms nothing.
  shelf_->add_later(name(1), next(99));
  EXPECT_EQ(size_of(name(1)).value(), 5U);
  EXPECT_FALSE(shelf_->waits(name(1)));
  EXPECT_EQ(shelf_->trouble().lost_messages(), 1U);
}

TEST_F(ShelfTest, WhatIsAboutToBeDeletedIsNotAtHand) {
  settings_.ttl = std::chrono::hours(1);
  reopen();
  say(name(1));
  ASSERT_NE(shelf_->at_hand(name(1)), nullptr);
  now_ += 2 * 3600;
  shelf_->sweep();
  EXPECT_EQ(shelf_->at_hand(name(1)), nullptr);
}

}  // namespace
}  // namespace keep::history
