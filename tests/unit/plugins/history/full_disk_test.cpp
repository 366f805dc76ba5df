// A disk that takes nothing for a while, and requests that are taken back.

#include "tests/unit/plugins/history/store/store_fixture.hpp"

#include <cerrno>

namespace keep::history {
namespace {

using namespace test;

void fill_up(FaultyFileSystem& files) {
  files.fail_each({Operation::kWrite, Operation::kCreate}, {ENOSPC, 3});
}

void append(ConversationLog& log, std::size_t number, Write write = Write::kNow) {
  const std::vector<NewMessage> one{chained(number)};
  const auto done = log.append(one, write);
  ASSERT_TRUE(done) << done.error().detail;
}

class FullDiskTest : public testing::Test {
 protected:
  const TempFolder folder_;
  FaultyFileSystem files_;
  const std::string stem_ = folder_.path + "/new/log";
};

TEST_F(FullDiskTest, WhatFindsNoRoomIsReadFromMemoryAndWrittenLater) {
  for (const std::size_t on_disk : {0U, 3U, 200U}) {
    const std::string stem = stem_ + std::to_string(on_disk);
    auto log = open_log(files_, stem);
    fill(*log, on_disk);
    fill_up(files_);
    fill(*log, on_disk + 100);
    EXPECT_GT(log->unwritten_bytes(), 0U);
    EXPECT_EQ(log->refused_bytes(), log->unwritten_bytes());
    EXPECT_NE(log->refusal().find("No space left"), std::string::npos) << log->refusal();
    ASSERT_NO_FATAL_FAILURE(expect_filled(*log, on_disk + 100));
    EXPECT_FALSE(log->flush());
    files_.heal();
    EXPECT_TRUE(log->flush());
    EXPECT_EQ(log->unwritten_bytes(), 0U);
    EXPECT_EQ(log->refusal(), "");
    log = open_log(files_, stem);
    ASSERT_EQ(log->size(), on_disk + 100);
    ASSERT_NO_FATAL_FAILURE(expect_filled(*log, on_disk + 100));
    EXPECT_TRUE(log->take_notes().empty());
  }
}

TEST_F(FullDiskTest, TheNextAppendWritesWhatWaitsFirst) {
  auto log = open_log(files_, stem_);
  fill(*log, 2);
  fill_up(files_);
  fill(*log, 4);
  files_.heal();
  fill(*log, 5);
  EXPECT_EQ(log->unwritten_bytes(), 0U);
  log = open_log(files_, stem_);
  ASSERT_EQ(log->size(), 5U);
  expect_filled(*log, 5);
}

// Of one tenant: half of all.
TEST_F(FullDiskTest, NoMoreIsHeldThanMayBeOfOneLogAndOfAll) {
  LogSettings settings = small_settings();
  settings.max_unwritten = 2000;
  settings.unwritten = std::make_shared<UnwrittenBytes>(6000);
  auto one = open_log(files_, stem_ + "1", settings), two = open_log(files_, stem_ + "2", settings);
  fill_up(files_);
  const auto append_all = [](ConversationLog& log) {
    for (;;) {
      const std::vector<NewMessage> next{chained(log.size())};
      const std::size_t before = log.size();
      const auto done = log.append(next);
      if (done) continue;
      EXPECT_EQ(done.error().fault, Fault::kStorage);
      EXPECT_EQ(log.size(), before);
      return;
    }
  };
  append_all(*one);
  EXPECT_LE(one->unwritten_bytes(), 2000U);
  EXPECT_GT(one->unwritten_bytes(), 1000U);
  append_all(*two);
  EXPECT_LE(one->unwritten_bytes() + two->unwritten_bytes(), 3000U);
  const std::size_t size = two->size();
  one.reset();  // lost, and its share is free
  append(*two, size);
  files_.heal();
  ASSERT_TRUE(two->flush());
  two = open_log(files_, stem_ + "2");
  ASSERT_EQ(two->size(), size + 1);
  expect_filled(*two, size + 1);
}

TEST_F(FullDiskTest, SidecarsWaitAsWell) {
  auto log = open_log(files_, stem_);
  fill(*log, 2);
  ASSERT_TRUE(log->set_sidecar(Sidecar::kZone, "before"));
  fill_up(files_);
  EXPECT_TRUE(log->set_sidecar(Sidecar::kZone, "after"));
  EXPECT_EQ(log->sidecar(Sidecar::kZone).value(), "after");
  EXPECT_EQ(log->refused_bytes(), 5U);
  files_.heal();
  EXPECT_EQ(open_log(files_, stem_)->sidecar(Sidecar::kZone).value(), "before");
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(log->refused_bytes(), 0U);
  EXPECT_EQ(open_log(files_, stem_)->sidecar(Sidecar::kZone).value(), "after");
}

TEST_F(FullDiskTest, WhatIsTakenBackHasNeverBeen) {
  for (const std::size_t before : {0U, 5U, 200U}) {
    const std::string stem = stem_ + std::to_string(before);
    auto log = open_log(files_, stem);
    fill(*log, before);
    const std::uint64_t tokens = log->tokens(), turns = log->turns(), bytes = log->disk_bytes();
    append(*log, before, Write::kLater);
    append(*log, before + 1, Write::kLater);
    expect_filled(*log, before + 2);
    EXPECT_GT(log->unwritten_bytes(), 0U);
    EXPECT_EQ(log->refused_bytes(), 0U);
    ASSERT_TRUE(log->set_sidecar(Sidecar::kRecalled, "what was recalled for it"));
    EXPECT_EQ(log->sidecar(Sidecar::kRecalled).value(), "what was recalled for it");
    log->take_back();
    EXPECT_EQ(log->size(), before);
    EXPECT_EQ(log->tokens(), tokens);
    EXPECT_EQ(log->turns(), turns);
    EXPECT_EQ(log->disk_bytes(), bytes);
    EXPECT_EQ(log->unwritten_bytes(), 0U);
    EXPECT_EQ(log->sidecar(Sidecar::kRecalled).value(), "");
    EXPECT_EQ(open_log(files_, stem)->size(), before);
    append(*log, before, Write::kLater);
    append(*log, before + 1);
    log->take_back();  // nothing is left to be
    log = open_log(files_, stem);
    ASSERT_EQ(log->size(), before + 2);
    expect_filled(*log, before + 2);
  }
}

TEST_F(FullDiskTest, WhatStandsInFrontOfAPositionStays) {
  for (const std::size_t before : {0U, 5U}) {
    const std::string stem = stem_ + std::to_string(before);
    auto log = open_log(files_, stem);
    fill(*log, before);
    for (std::size_t i = 0; i < 3; ++i) append(*log, before + i, Write::kLater);
    log->take_back(static_cast<Position>(before + 7));
    log->take_back(static_cast<Position>(before + 3));
    EXPECT_EQ(log->size(), before + 3);
    log->take_back(static_cast<Position>(before + 1));
    ASSERT_EQ(log->size(), before + 1);
    append(*log, before + 1);
    log = open_log(files_, stem);
    ASSERT_EQ(log->size(), before + 2);
    expect_filled(*log, before + 2);
  }
}

TEST_F(FullDiskTest, WhatTheDiskRefusedIsNotTakenBack) {
  auto log = open_log(files_, stem_);
  fill_up(files_);
  fill(*log, 2);
  append(*log, 2, Write::kLater);
  log->take_back();
  EXPECT_EQ(log->size(), 2U);
  files_.heal();
  ASSERT_TRUE(log->flush());
  log = open_log(files_, stem_);
  ASSERT_EQ(log->size(), 2U);
  expect_filled(*log, 2);
}

TEST_F(FullDiskTest, MoreThanMayBeHeldIsWrittenAtOnce) {
  LogSettings settings = small_settings();
  settings.max_unwritten = 10;
  auto log = open_log(files_, stem_, settings);
  append(*log, 0, Write::kLater);
  EXPECT_EQ(log->unwritten_bytes(), 0U);
  log->take_back();
  EXPECT_EQ(log->size(), 1U);
}

class FullStoreTest : public ConversationStoreTest {
 protected:
  bool metric(const std::string& line) {
    return metrics_.text().find("\nllama_keep_history_" + line + "\n") != std::string::npos;
  }
};

TEST_F(FullStoreTest, KeepsLogsOpenUntilTheyAreWritten) {
  settings_.max_open = 3;
  reopen();
  say(name(0));
  fill_up(files_);
  for (std::size_t i = 0; i < 10; ++i) say(name(i), 2);
  EXPECT_EQ(store_->totals().open, 10U);
  EXPECT_TRUE(store_->refused(name(7)));
  EXPECT_TRUE(store_->trouble().any());
  EXPECT_EQ(store_->trouble().refused_bytes(), store_->totals().refused);
  EXPECT_TRUE(metric("unwritten_bytes " + std::to_string(store_->totals().refused)));
  for (std::size_t i = 1; i < 10; ++i) EXPECT_EQ(size_of(name(i)).value(), 2U);
  files_.heal();
  // By itself, after a while.
  until([this] { return store_->totals().refused == 0; });
  EXPECT_FALSE(store_->trouble().any());
  EXPECT_TRUE(metric("unwritten_bytes 0"));
  EXPECT_EQ(store_->totals().open, 3U);
  reopen();
  EXPECT_EQ(store_->totals().conversations, 10U);
  EXPECT_EQ(size_of(name(0)).value(), 3U);
  for (std::size_t i = 1; i < 10; ++i) EXPECT_EQ(size_of(name(i)).value(), 2U);
}

TEST_F(FullStoreTest, WhatIsLostIsToldUntilSomethingIsWritten) {
  reopen();
  say(name(1));
  store_->trouble().lost(2, "no room");
  EXPECT_TRUE(store_->trouble().any());
  EXPECT_TRUE(metric("lost_messages_total 2"));
  EXPECT_EQ(size_of(name(1)).value(), 1U);
  EXPECT_TRUE(store_->trouble().any());
  say(name(1));
  EXPECT_FALSE(store_->trouble().any());
}

TEST_F(FullStoreTest, AConversationThatIsTakenBackWholeIsNone) {
  reopen();
  const auto try_it = [](ConversationLog& log) -> Result<Position> {
    return log.append(std::vector<NewMessage>{said(0)}, Write::kLater);
  };
  ASSERT_TRUE(run(store_->with(name(1), true, try_it)));
  EXPECT_TRUE(store_->waits(name(1)));
  const auto back = [](ConversationLog& log) -> Result<> {
    log.take_back();
    return {};
  };
  ASSERT_TRUE(run(store_->with(name(1), false, back)));
  EXPECT_FALSE(store_->find(name(1)));
  EXPECT_EQ(store_->totals().open, 0U);
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace keep::history
