#include "tests/unit/plugins/history/store/store_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <malloc.h>

#include <functional>
#include <semaphore>

namespace keep::history {
namespace {

using namespace test;

TEST_F(ConversationStoreTest, CreatesWhenAskedToAndRemembers) {
  reopen();
  EXPECT_EQ(size_of(name(1)).error().fault, Fault::kNotFound);
  say(name(1), 3);
  EXPECT_EQ(size_of(name(1)).value(), 3U);
  EXPECT_EQ(size_of(name(1, "other")).error().fault, Fault::kNotFound);
  for (int round = 0; round < 2; ++round) {
    const auto summary = store_->find(name(1));
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->name, name(1));
    EXPECT_EQ(summary->messages, 3U);
    EXPECT_EQ(summary->turns, 2U);
    EXPECT_EQ(summary->tokens, 300U);
    EXPECT_EQ(summary->created, said(0).time);
    EXPECT_NEAR(static_cast<double>(summary->last_used), static_cast<double>(now_), 3);
    EXPECT_EQ(store_->totals().conversations, 1U);
    EXPECT_EQ(store_->totals().disk_bytes, summary->disk_bytes);
    reopen();
  }
}

TEST_F(ConversationStoreTest, ForgetsWhatNothingWasAppendedTo) {
  reopen();
  say(name(1), 0);
  EXPECT_FALSE(store_->find(name(1)));
  EXPECT_EQ(store_->totals().open, 0U);
  EXPECT_EQ(files(), 0U);
}

TEST_F(ConversationStoreTest, KnowsTheFiguresOfBlocks) {
  reopen();
  say(name(1), 200);
  const Summary before = store_->find(name(1)).value();
  reopen();
  const Summary after = store_->find(name(1)).value();
  EXPECT_EQ(after.messages, 200U);
  EXPECT_EQ(after.tokens, before.tokens);
  EXPECT_EQ(after.turns, before.turns);
  EXPECT_EQ(after.disk_bytes, before.disk_bytes);
}

TEST_F(ConversationStoreTest, ListsOneTenant) {
  reopen();
  for (std::size_t i = 0; i < 5; ++i) say(name(i));
  say(name(1, "s"));
  say(name(1, "u"));
  const auto listed = store_->list("t");
  ASSERT_EQ(listed.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(listed[i].name, name(i));
  EXPECT_TRUE(store_->list("").empty());
}

TEST_F(ConversationStoreTest, RunsTurnsOfOneConversationInOrderAndOthersBeside) {
  reopen();
  std::binary_semaphore go{0};
  std::vector<std::size_t> sizes;
  const auto wait = [&go](ConversationLog& log) -> Result<std::size_t> {
    go.acquire();
    return log.append(std::vector<NewMessage>{said(0)}).value();
  };
  const auto on_end = [&sizes](const std::exception_ptr&, const Result<std::size_t>& size) {
    sizes.push_back(size.value());
  };
  for (int i = 0; i < 20; ++i) {
    if (i == 0) {
      asio::co_spawn(loop_, store_->with(name(1), true, wait), on_end);
      continue;
    }
    const auto append = [](ConversationLog& log) -> Result<std::size_t> {
      return log.append(std::vector<NewMessage>{said(log.size())}).value();
    };
    asio::co_spawn(loop_, store_->with(name(1), true, append), on_end);
  }
  say(name(2));  // while the first waits
  EXPECT_TRUE(sizes.empty());
  go.release();
  until([&] { return sizes.size() == 20; });
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(sizes[i], i);
}

TEST_F(ConversationStoreTest, EndWaitsForWhatRunsAndLeavesNothing) {
  reopen();
  EXPECT_FALSE(run(store_->end(name(1))).value());
  say(name(1), 100);
  std::binary_semaphore go{0};
  bool appended = false;
  std::optional<Result<bool>> ended;
  const auto wait = [&go](ConversationLog& log) -> Result<Position> {
    go.acquire();
    return log.append(std::vector<NewMessage>{said(0)});
  };
  asio::co_spawn(loop_, store_->with(name(1), false, wait),
                 [&](const std::exception_ptr&, const Result<Position>& position) {
                   appended = position.has_value();
                   EXPECT_FALSE(ended);
                 });
  asio::co_spawn(loop_, store_->end(name(1)),
                 [&](const std::exception_ptr&, Result<bool> result) { ended = result; });
  loop_.run_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(ended);
  go.release();
  until([&] { return ended.has_value(); });
  EXPECT_TRUE(appended);
  EXPECT_TRUE(ended->value());
  EXPECT_FALSE(store_->find(name(1)));
  EXPECT_EQ(store_->totals().conversations, 0U);
  EXPECT_EQ(store_->totals().disk_bytes, 0U);
  EXPECT_EQ(files(), 0U);
  say(name(1), 2);  // and comes back as a new one
  EXPECT_EQ(size_of(name(1)).value(), 2U);
}

TEST_F(ConversationStoreTest, DoesWhatWasAskedForWhenTheCallerIsCancelled) {
  reopen();
  std::binary_semaphore go{0};
  bool done = false;
  const auto wait = [&go](ConversationLog& log) -> Result<Position> {
    go.acquire();
    return log.append(std::vector<NewMessage>{said(0)});
  };
  asio::cancellation_signal signal;
  const auto on_end = [&done](const std::exception_ptr&, const Result<Position>&) { done = true; };
  asio::co_spawn(loop_, store_->with(name(1), true, wait),
                 asio::bind_cancellation_slot(signal.slot(), on_end));
  loop_.run_for(std::chrono::milliseconds(5));
  signal.emit(asio::cancellation_type::terminal);
  loop_.run_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(done);
  go.release();
  until([&] { return done; });
  EXPECT_EQ(size_of(name(1)).value(), 1U);
}

TEST_F(ConversationStoreTest, HoldsNoMoreLogsOpenThanAllowed) {
  settings_.max_open = 3;
  reopen();
  for (std::size_t i = 0; i < 10; ++i) say(name(i));
  EXPECT_EQ(store_->totals().open, 3U);
  EXPECT_EQ(store_->totals().conversations, 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(size_of(name(i)).value(), 1U);
  EXPECT_EQ(store_->totals().open, 3U);
}

TEST_F(ConversationStoreTest, HoldsNoMoreMemoryThanAllowed) {
  settings_.max_open_bytes = 20000;
  reopen();
  for (std::size_t i = 0; i < 30; ++i) say(name(i));
  const std::size_t open = store_->totals().open;
  EXPECT_GE(open, 1U);
  EXPECT_LT(open, 20U);
  for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(size_of(name(i)).value(), 1U);
}

TEST_F(ConversationStoreTest, AFileFromTheFutureAgesFromNowOn) {
  settings_.ttl = std::chrono::hours(1);
  reopen();
  say(name(1));
  age(name(1), -10 * 365 * 24 * 3600);
  reopen();
  EXPECT_EQ(store_->find(name(1))->last_used, now_);
  now_ += 3599;
  store_->sweep();
  EXPECT_TRUE(store_->find(name(1)));
  now_ += 1;
  store_->sweep();
  EXPECT_FALSE(store_->find(name(1)));
}

TEST_F(ConversationStoreTest, AgeIsCountedByTheClockThatDoesNotJump) {
  settings_.ttl = std::chrono::hours(1);
  settings_.wall_clock = {};
  reopen();
  say(name(1));
  clock_.turn(std::chrono::minutes(59));
  store_->sweep();
  EXPECT_TRUE(store_->find(name(1)));
  clock_.turn(std::chrono::minutes(2));
  store_->sweep();
  EXPECT_FALSE(store_->find(name(1)));
}

TEST_F(ConversationStoreTest, DeletesTheLeastRecentlyUsedAboveItsQuota) {
  settings_.max_bytes = 40'960;  // each takes a block of the disk at least
  reopen();
  for (std::size_t i = 0; i < 60; ++i) {
    say(name(i), 3);
    settle();
  }
  EXPECT_LE(store_->totals().disk_bytes, 40'960U);
  EXPECT_GT(store_->totals().disk_bytes, 20'000U);
  EXPECT_GT(store_->totals().conversations, 5U);
  EXPECT_FALSE(store_->find(name(0)));
  EXPECT_TRUE(store_->find(name(59)));
  EXPECT_EQ(files(), store_->totals().conversations);
  EXPECT_NE(metrics_.text().find("llama_keep_history_evicted_total{reason=\"quota\"}"),
            std::string::npos);
  say(name(100), 800);  // too large alone, but in use: all others go
  settle();
  EXPECT_EQ(store_->totals().conversations, 1U);
  EXPECT_EQ(size_of(name(100)).value(), 800U);
}

TEST_F(ConversationStoreTest, FloodOfOneTenantCostsTheOthersNothing) {
  settings_.max_bytes = 40'960;
  reopen();
  say(name(1, "anna"), 3);
  say(name(2, "anna"), 3);
  say(name(1, "cleo"), 3);
  for (std::size_t i = 0; i < 60; ++i) {
    say(name(i, "bert"), 3);
    settle();
  }
  EXPECT_LE(store_->totals().disk_bytes, 40'960U);
  EXPECT_TRUE(store_->find(name(1, "anna")));
  EXPECT_TRUE(store_->find(name(2, "anna")));
  EXPECT_TRUE(store_->find(name(1, "cleo")));
  EXPECT_FALSE(store_->find(name(0, "bert")));
  EXPECT_TRUE(store_->find(name(59, "bert")));

  say(name(100, "bert"), 800);  // too large alone: all others of its tenant go, and nobody else's
  settle();
  EXPECT_EQ(store_->list("bert").size(), 1U);
  EXPECT_EQ(store_->list("anna").size(), 2U);
  reopen();  // by what was on disk before
  EXPECT_EQ(store_->list("anna").size(), 2U);
  say(name(3, "anna"), 1);  // used later than the large one, which goes now
  settle();
  EXPECT_EQ(store_->list("bert").size(), 0U);
  EXPECT_EQ(store_->list("anna").size(), 3U);
}

TEST_F(ConversationStoreTest, DeletesWhatWasNotUsedForTooLong) {
  settings_.ttl = std::chrono::hours(1);
  reopen();
  say(name(1));
  now_ += 3000;
  say(name(2));
  ASSERT_TRUE(size_of(name(1)));  // reading is no use
  now_ += 1000;
  store_->sweep();
  settle();
  EXPECT_FALSE(store_->find(name(1)));
  EXPECT_TRUE(store_->find(name(2)));
  settle();
  EXPECT_EQ(files(), 1U);
}

TEST_F(ConversationStoreTest, KeepsTheLastUseOverARestart) {
  reopen();
  for (std::size_t i = 0; i < 3; ++i) say(name(i));
  age(name(1), 5000);
  settings_.ttl = std::chrono::hours(1);
  reopen();
  settle();
  EXPECT_FALSE(store_->find(name(1)));
  EXPECT_TRUE(store_->find(name(0)));
}

TEST_F(ConversationStoreTest, SetsDamagedFilesAside) {
  reopen();
  for (std::size_t i = 0; i < 4; ++i) say(name(i), 100);
  stop();
  const auto stem = [&](std::size_t i) { return stem_of(settings_.folder, name(i)); };
  write_file(stem(0) + ".tail", "rubbish");  // its blocks are good
  write_file(stem(1) + ".tail", "rubbish");
  write_file(stem(1) + ".blocks", "rubbish");
  std::filesystem::remove(stem(2) + ".tail");
  write_file(settings_.folder + "/README", "not ours");
  reopen();
  EXPECT_EQ(store_->totals().conversations, 3U);
  EXPECT_EQ(store_->totals().damaged, 1U);
  EXPECT_GT(size_of(name(0)).value(), 90U);
  EXPECT_FALSE(store_->find(name(1)));
  EXPECT_GT(size_of(name(2)).value(), 90U);
  EXPECT_EQ(size_of(name(3)).value(), 100U);
  EXPECT_TRUE(std::filesystem::exists(stem(1) + ".blocks.damaged"));
  say(name(1), 2);  // starts afresh
  reopen();
  EXPECT_EQ(size_of(name(1)).value(), 2U);
  EXPECT_TRUE(run(store_->end(name(1))).value());
  EXPECT_FALSE(std::filesystem::exists(stem(1) + ".blocks.damaged"));
}

TEST_F(ConversationStoreTest, LeavesNewerVersionsAlone) {
  reopen();
  say(name(1), 5);
  stop();
  const std::string path = stem_of(settings_.folder, name(1)) + ".tail";
  std::string newer = read_file(path);
  newer[8] = 2;
  write_file(path, newer);
  reopen();
  EXPECT_FALSE(store_->find(name(1)));
  const auto size = [](ConversationLog& log) -> Result<std::size_t> { return log.size(); };
  EXPECT_EQ(run(store_->with(name(1), true, size)).error().fault, Fault::kStorage);
  EXPECT_EQ(read_file(path), newer);
  EXPECT_EQ(store_->totals().open, 0U);
}

TEST_F(ConversationStoreTest, OpensTenThousandConversationsQuickly) {
  reopen();
  for (std::size_t i = 0; i < 10'000; ++i) {
    const auto log =
        ConversationLog::open(files_, stem_of(settings_.folder, name(i)), name(i), {}).value();
    NewMessage message = said(0);
    message.json = std::string(4500, 'x');
    ASSERT_TRUE(log->append(std::vector<NewMessage>{message}));
  }
  stop();
  const std::size_t heap = ::mallinfo2().uordblks;
  const auto start = std::chrono::steady_clock::now();
  reopen();
  EXPECT_EQ(store_->totals().conversations, 10'000U);
  EXPECT_EQ(store_->list("t").size(), 10'000U);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  RecordProperty("seconds", std::to_string(took.count()));
  RecordProperty("heap", std::to_string((::mallinfo2().uordblks - heap) / 10'000));
  EXPECT_LT(::mallinfo2().uordblks, heap + 10'000 * 1000);
  EXPECT_LT(took.count(), 10);  // a second is what it should take; this machine may be busy
}

}  // namespace
}  // namespace keep::history
