// Small conversations of a store in one file.

#include "tests/unit/plugins/history/store/store_fixture.hpp"

#include <semaphore>

namespace keep::history {
namespace {

using namespace test;

class StorePackingTest : public ConversationStoreTest {
 protected:
  // As when the program ends.
  void put_away() {
    auto away = [this]() -> Task<> {
      co_await store_->put_away();
      co_return Result<>{};
    };
    ASSERT_TRUE(run(away()));
    settle();
  }
  // The first was used first.
  void make(std::size_t count, const std::string& tenant = "t") {
    for (std::size_t i = 0; i < count; ++i) {
      say(name(i, tenant), 2);
      age(name(i, tenant), static_cast<std::int64_t>(1000 - i));
    }
    put_away();
  }
  // Those of conversations.
  std::size_t own_files() const {
    std::size_t count = files();
    for (const char* const ending : {"", "-journal"}) {
      if (std::filesystem::exists(pack_path() + ending)) --count;
    }
    return count;
  }
  std::string stem(std::size_t number) const { return stem_of(settings_.folder, name(number)); }
  std::string pack_path() const { return settings_.folder + "/pack.db"; }
  std::uint64_t blocks() {
    std::uint64_t bytes = 0;
    for (const auto& at : std::filesystem::recursive_directory_iterator(settings_.folder)) {
      if (at.is_regular_file()) bytes += files_.info(at.path())->on_disk;
    }
    return bytes;
  }
  std::string text_of(std::size_t number) {
    const auto read = [](ConversationLog& log) { return log.json(0); };
    const auto text = run(store_->with(name(number), false, read));
    return text ? *text : text.error().detail;
  }
};

TEST_F(StorePackingTest, WhatIsPutAwaySharesOneFile) {
  reopen();
  make(300);
  EXPECT_EQ(own_files(), 0U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store_->totals().conversations, 300U);
    EXPECT_EQ(store_->totals().disk_bytes, blocks());
    EXPECT_LT(blocks(), 300U * 1000);
    reopen();
  }
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(text_of(i), said(0).json);
  EXPECT_EQ(own_files(), 0U) << "reading moves nothing";
  for (std::size_t i = 0; i < 300; ++i) say(name(i), 2);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(size_of(name(i)).value(), 4U);
  put_away();
  EXPECT_EQ(own_files(), 0U);
  reopen();
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(size_of(name(i)).value(), 4U);
}

TEST_F(StorePackingTest, WhatFallsOutOfTheOpenLogsIsPackedByAndBy) {
  settings_.max_open = 5;
  reopen();
  for (std::size_t i = 0; i < 400; ++i) say(name(i), 2);
  settle();
  EXPECT_LE(own_files(), 5U + 127);
  EXPECT_EQ(store_->totals().disk_bytes, blocks());
  for (std::size_t i = 0; i < 400; ++i) EXPECT_EQ(size_of(name(i)).value(), 2U);
}

TEST_F(StorePackingTest, WhatIsClosedOverAndOverIsOneConversation) {
  settings_.max_open = 1;
  reopen();
  for (std::size_t i = 0; i < 3; ++i) say(name(i), 2);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(size_of(name(i % 3)).value(), 2U);
  settle();
  EXPECT_EQ(own_files(), 3U) << "too few to be packed";
  EXPECT_FALSE(std::filesystem::exists(pack_path()));
  EXPECT_TRUE(run(store_->end(name(0))).value());
  say(name(0), 2);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(size_of(name(i % 3)).value(), 2U);
  settle();
  EXPECT_FALSE(std::filesystem::exists(pack_path())) << "nor is one that has begun anew";
}

TEST_F(StorePackingTest, WhatWasClosedTwiceAndHasEndedIsNowhere) {
  settings_.max_open = 1;
  reopen();
  for (std::size_t i = 0; i < 140; ++i) {
    say(name(i), 2);
    EXPECT_EQ(size_of(name(0)).value(), 2U);
  }
  settle();
  put_away();
  EXPECT_NE(read_file(pack_path()).find("talk-0"), std::string::npos);
  EXPECT_TRUE(run(store_->end(name(0))).value());
  EXPECT_EQ(read_file(pack_path()).find("talk-0"), std::string::npos);
  reopen();
  EXPECT_FALSE(store_->find(name(0)));
  EXPECT_EQ(store_->totals().conversations, 139U);
}

TEST_F(StorePackingTest, AFolderWithoutAPackIsPackedAfterTheStart) {
  for (std::size_t i = 0; i < 150; ++i) {
    const auto log = ConversationLog::open(files_, stem(i), name(i), settings_.log).value();
    ASSERT_TRUE(log->append(std::vector<NewMessage>{said(i)}));
  }
  reopen();
  EXPECT_EQ(store_->totals().conversations, 150U);
  settle();
  EXPECT_LE(own_files(), 127U);
  EXPECT_EQ(store_->totals().disk_bytes, blocks());
  for (std::size_t i = 0; i < 150; ++i) EXPECT_EQ(text_of(i), said(i).json);
}

TEST_F(StorePackingTest, KnowsWhatItKnewOfThem) {
  reopen();
  say(name(1), 3);
  age(name(1), 5000);
  stop();
  reopen();
  const Summary before = store_->find(name(1)).value();
  EXPECT_EQ(size_of(name(1)).value(), 3U);
  put_away();
  for (int round = 0; round < 2; ++round) {
    const Summary after = store_->find(name(1)).value();
    EXPECT_EQ(after.messages, before.messages);
    EXPECT_EQ(after.tokens, before.tokens);
    EXPECT_EQ(after.turns, before.turns);
    EXPECT_EQ(after.created, before.created);
    EXPECT_EQ(after.last_used, before.last_used);
    EXPECT_EQ(after.disk_bytes, after.packed_bytes);
    EXPECT_LT(after.disk_bytes, 1000U);
    reopen();
  }
}

TEST_F(StorePackingTest, AQuotaCountsItsBlocksAndTakesTheOldestOfTheLargest) {
  reopen();
  make(20, "anna");
  make(400, "bert");
  settings_.max_bytes = blocks() - 40'000;
  reopen();
  settle();
  EXPECT_LE(blocks(), settings_.max_bytes);
  EXPECT_GT(blocks(), settings_.max_bytes - 30'000);
  EXPECT_EQ(store_->totals().disk_bytes, blocks());
  EXPECT_EQ(store_->list("anna").size(), 20U);
  const std::size_t left = store_->list("bert").size();
  EXPECT_GT(left, 250U);
  EXPECT_LT(left, 390U);
  reopen();
  EXPECT_EQ(store_->list("bert").size(), left);
  EXPECT_EQ(size_of(name(399, "bert")).value(), 2U);
}

TEST_F(StorePackingTest, WhatHasEndedIsNowhere) {
  reopen();
  make(10);
  EXPECT_NE(read_file(pack_path()).find("talk-3"), std::string::npos);
  EXPECT_TRUE(run(store_->end(name(3))).value());
  EXPECT_FALSE(store_->find(name(3)));
  say(name(4), 1);  // in files, and in the pack still
  EXPECT_TRUE(run(store_->end(name(4))).value());
  EXPECT_EQ(read_file(pack_path()).find("talk-3"), std::string::npos);
  EXPECT_EQ(read_file(pack_path()).find("talk-4"), std::string::npos);
  EXPECT_EQ(own_files(), 0U);
  reopen();
  EXPECT_EQ(store_->totals().conversations, 8U);
  say(name(3), 1);
  EXPECT_EQ(size_of(name(3)).value(), 1U) << "a new one";
}

TEST_F(StorePackingTest, WhoComesWhileItIsPackedWaits) {
  settings_.max_open = 1;
  reopen();
  for (std::size_t i = 0; i < 130; ++i) {
    say(name(i), 2);
    if (i > 2) say(name(i - 2), 1);  // that one was closed, and may be on its way
  }
  settle();
  put_away();
  reopen();
  for (std::size_t i = 0; i < 130; ++i) {
    EXPECT_EQ(size_of(name(i)).value(), i > 0 && i < 128 ? 3U : 2U) << i;
  }
}

TEST_F(StorePackingTest, WhereBothAreTheFilesCount) {
  reopen();
  make(3);
  say(name(1), 5);
  stop();  // as a crash leaves it
  EXPECT_GT(own_files(), 0U);
  reopen();
  EXPECT_EQ(size_of(name(1)).value(), 7U);
  EXPECT_EQ(read_file(pack_path()).find("talk-1"), std::string::npos) << "not in the pack any more";
  EXPECT_EQ(store_->totals().conversations, 3U);
  EXPECT_EQ(store_->totals().disk_bytes, blocks());
}

TEST_F(StorePackingTest, ADamagedConversationIsSetAsideAlone) {
  reopen();
  make(20);
  stop();
  std::string bytes = read_file(pack_path());
  bytes[bytes.find("ttalk-7") + 1] ^= 1;
  const std::size_t text = bytes.find("\"content\"", bytes.find("ttalk-9"));
  bytes[text + 3] ^= 1;
  write_file(pack_path(), bytes);
  reopen();
  EXPECT_EQ(store_->totals().damaged, 1U);
  EXPECT_EQ(store_->totals().conversations, 19U);
  EXPECT_FALSE(store_->find(name(7)));
  EXPECT_TRUE(std::filesystem::exists(stem(7) + ".tail.damaged"));
  for (std::size_t i = 0; i < 20; ++i) {
    if (i == 7 || i == 9) continue;
    EXPECT_EQ(text_of(i), said(0).json);
  }
  EXPECT_NE(text_of(9), said(0).json);
  EXPECT_EQ(text_of(9), "message 0 is lost");
}

TEST_F(StorePackingTest, ADamagedPackKeepsNobodyFromStarting) {
  reopen();
  make(20);
  stop();
  write_file(pack_path(), "rubbish");
  reopen();
  EXPECT_EQ(store_->totals().conversations, 0U);
  EXPECT_EQ(store_->totals().damaged, 1U);
  EXPECT_TRUE(std::filesystem::exists(pack_path() + ".damaged"));
  make(20);
  reopen();
  EXPECT_EQ(store_->totals().conversations, 20U);
}

// As the loss of power may leave it just after it was packed: with some messages, with none, or
// without a byte.
TEST_F(StorePackingTest, AFileThatHasLessThanThePackIsNotWhatCounts) {
  for (const std::size_t number : {0U, 1U, 2U}) {
    reopen();
    say(name(number), 1);
    const std::string written = read_file(stem(number) + ".tail");
    const std::size_t cut_off = number == 2 ? written.size() : number * 5;
    say(name(number), 3);
    put_away();
    stop();
    ASSERT_FALSE(std::filesystem::exists(stem(number) + ".tail"));
    write_file(stem(number) + ".tail", written.substr(0, written.size() - cut_off));
    reopen();
    EXPECT_FALSE(std::filesystem::exists(stem(number) + ".tail"));
    EXPECT_EQ(size_of(name(number)).value(), 4U);
    put_away();
    reopen();
    EXPECT_EQ(size_of(name(number)).value(), 4U);
  }
}

// Also while that cannot be deleted.
TEST_F(StorePackingTest, WhatThePackHasMoreOfStaysThere) {
  reopen();
  say(name(1), 1);
  const std::string written = read_file(stem(1) + ".tail");
  say(name(1), 3);
  put_away();
  stop();
  write_file(stem(1) + ".tail", written);
  files_.fail_each({Operation::kRemove});
  for (int round = 0; round < 2; ++round) {
    reopen();
    EXPECT_EQ(store_->find(name(1))->messages, 4U);
    EXPECT_EQ(size_of(name(1)).value(), 4U);
    put_away();
  }
  files_.heal();
  say(name(1), 1);
  reopen();
  EXPECT_EQ(size_of(name(1)).value(), 5U);
}

TEST_F(StorePackingTest, WhatCouldNotLeaveThePackEndsThereToo) {
  reopen();
  say(name(1), 3);
  put_away();
  say(name(1), 2);
  stop();
  files_.fail_each({Operation::kSync});
  reopen();
  files_.heal();
  EXPECT_NE(read_file(pack_path()).find("talk-1"), std::string::npos);
  EXPECT_EQ(size_of(name(1)).value(), 5U);
  EXPECT_TRUE(run(store_->end(name(1))).value());
  EXPECT_EQ(read_file(pack_path()).find("talk-1"), std::string::npos);
  say(name(1), 1);
  reopen();
  EXPECT_EQ(size_of(name(1)).value(), 1U) << "a new one";
}

TEST_F(StorePackingTest, FilesThatCannotBeDeletedStayWhatCounts) {
  reopen();
  for (std::size_t i = 0; i < 5; ++i) say(name(i), 2);
  files_.fail_each({Operation::kRemove});
  put_away();
  files_.heal();
  EXPECT_EQ(own_files(), 5U);
  say(name(1), 1);
  EXPECT_EQ(size_of(name(1)).value(), 3U);
  reopen();
  EXPECT_EQ(store_->totals().conversations, 5U);
  EXPECT_EQ(size_of(name(1)).value(), 3U);
}

}  // namespace
}  // namespace keep::history
