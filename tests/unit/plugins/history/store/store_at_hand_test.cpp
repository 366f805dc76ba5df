#include "tests/unit/plugins/history/store/store_fixture.hpp"

#include <semaphore>

namespace keep::history {
namespace {

using namespace test;

TEST_F(ConversationStoreTest, AnOpenLogIsAtHandWhileNobodyHasATurn) {
  reopen();
  EXPECT_EQ(store_->at_hand(name(1)), nullptr) << "no such conversation";
  say(name(1), 3);
  ASSERT_NE(store_->at_hand(name(1)), nullptr);
  EXPECT_EQ(store_->at_hand(name(1))->size(), 3U);
  EXPECT_EQ(store_->at_hand(name(1, "other")), nullptr);

  std::binary_semaphore go{0};
  bool ended = false;
  auto wait = [&go](ConversationLog&) -> Result<> {
    go.acquire();
    return {};
  };
  asio::co_spawn(loop_, store_->with(name(1), false, wait),
                 [&](const std::exception_ptr&, const Result<>&) { ended = true; });
  loop_.run_one();  // asks for the turn
  EXPECT_EQ(store_->at_hand(name(1)), nullptr) << "somebody has a turn";
  go.release();
  until([&] { return ended; });
  EXPECT_NE(store_->at_hand(name(1)), nullptr);

  reopen();
  EXPECT_EQ(store_->at_hand(name(1)), nullptr) << "known, but not open";
}

TEST_F(ConversationStoreTest, WhatWaitsIsAppendedBeforeAnythingElseHappens) {
  reopen();
  say(name(1), 3);
  const auto next = [](Position parent) {
    NewMessage message = said(parent + 1);
    message.parent = parent;
    return std::vector<NewMessage>{message};
  };
  store_->add_later(name(1), next(2));
  EXPECT_TRUE(store_->waits(name(1)));
  EXPECT_EQ(store_->at_hand(name(1)), nullptr) << "it is not what it will be";
  EXPECT_EQ(size_of(name(1)).value(), 4U);
  EXPECT_EQ(store_->find(name(1))->messages, 4U);
  ASSERT_NE(store_->at_hand(name(1)), nullptr);
  EXPECT_TRUE(store_->waits(name(1))) << "to be written, or taken back";
  write(name(1));
  EXPECT_FALSE(store_->waits(name(1)));
  // Not even age takes it away.
  settings_.ttl = std::chrono::hours(1);
  reopen();
  ASSERT_EQ(size_of(name(1)).value(), 4U);
  store_->add_later(name(1), next(3));
  now_ += 2 * 3600;
  store_->sweep();
  EXPECT_EQ(size_of(name(1)).value(), 5U);
  write(name(1));
  // What cannot follow is not kept, and harms nothing.
  store_->add_later(name(1), next(99));
  EXPECT_EQ(size_of(name(1)).value(), 5U);
  EXPECT_FALSE(store_->waits(name(1)));
  EXPECT_EQ(store_->trouble().lost_messages(), 1U);
}

TEST_F(ConversationStoreTest, WhatIsAboutToBeDeletedIsNotAtHand) {
  settings_.ttl = std::chrono::hours(1);
  reopen();
  say(name(1));
  ASSERT_NE(store_->at_hand(name(1)), nullptr);
  now_ += 2 * 3600;
  store_->sweep();
  EXPECT_EQ(store_->at_hand(name(1)), nullptr);
}

}  // namespace
}  // namespace keep::history
