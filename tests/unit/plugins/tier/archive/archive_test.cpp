#include "tests/unit/plugins/tier/archive/archive_fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace keep::tier {
namespace {

using test::prompt;
using TierArchiveTest = test::ArchiveFixture;
namespace fs = std::filesystem;

TEST_F(TierArchiveTest, WhatWasKeptComesBackIntoAnySlot) {
  EXPECT_FALSE(has(owner("a")));
  EXPECT_TRUE(archive().wants({0, 1}, content(owner("a"), 200)));
  ASSERT_TRUE(keep(1, owner("a"), prompt(200)));
  EXPECT_TRUE(has(owner("a")));
  EXPECT_EQ(back(2, owner("a")), 192);
  EXPECT_EQ(held(2), prompt(192));
  EXPECT_EQ(metric("tier_saved_tokens_total"), 192);
  expect_no_file_is_left();
}

TEST_F(TierArchiveTest, ItIsByteForByteWhatWasThere) {
  server().streams = 4;
  ASSERT_TRUE(keep(1, owner("a"), prompt(144)));
  EXPECT_EQ(back(3, owner("a")), 144);
  test::FakeSlotFile file = test::FakeSlotFile::with(144);
  file.tokens = prompt(144);
  std::ofstream(folder_.path + "/f", std::ios::binary) << file.file();
  const auto open = files_.open(folder_.path + "/f", File::Mode::kRead);
  EXPECT_EQ(server().rows, *SlotFile::read(**open)->rows(**open, 0, 144));
}

TEST_F(TierArchiveTest, OnlyWhatIsNewIsKept) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 200)));
  EXPECT_TRUE(archive().wants({0, 0}, content(owner("a"), 260)));
  ASSERT_TRUE(keep(0, owner("a"), prompt(260)));
  EXPECT_EQ(metric("tier_saved_tokens_total"), 192 + 64);
  ASSERT_TRUE(keep(1, owner("fork"), prompt(256)));
  EXPECT_EQ(metric("tier_saved_tokens_total"), 192 + 64);
  EXPECT_EQ(metric("tier_bytes{tier=\"ram\"}"), 256 * 20);
}

TEST_F(TierArchiveTest, TenantsHaveNothingInCommon) {
  ASSERT_TRUE(keep(0, owner("a", "one"), prompt(128)));
  EXPECT_FALSE(has(owner("a", "two")));
  ASSERT_TRUE(keep(0, owner("a", "two"), prompt(128)));
  EXPECT_EQ(metric("tier_saved_tokens_total"), 256);
}

TEST_F(TierArchiveTest, AConversationThatEndsLeavesNothing) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  ASSERT_TRUE(keep(0, owner("b"), prompt(64)));
  archive().forget(owner("a").conversation);
  EXPECT_FALSE(has(owner("a")));
  EXPECT_EQ(metric("tier_bytes{tier=\"ram\"}"), 64 * 20);
  EXPECT_EQ(back(1, owner("a")), 0);
}

TEST_F(TierArchiveTest, AlsoWhenItEndsWhileItIsSaved) {
  server().on_save = [this] { archive().forget(owner("a").conversation); };
  EXPECT_TRUE(keep(0, owner("a"), prompt(200)));
  EXPECT_FALSE(has(owner("a")));
  EXPECT_EQ(metric("tier_bytes{tier=\"ram\"}"), 0);
}

TEST_F(TierArchiveTest, AlsoWhenItEndsWhileItsBlocksAreRead) {
  std::size_t blocks = 0;
  server().slots[0] = prompt(640);
  bool done = false;
  asio::co_spawn(loop_, archive().keep({0, 0}, content(owner("a"), 640)),
                 [&done](std::exception_ptr, const Result<>&) { done = true; });
  until(
      [&] { return (blocks = static_cast<std::size_t>(metric("tier_saved_tokens_total"))) > 64; });
  EXPECT_FALSE(done);
  archive().forget(owner("a").conversation);
  until([&] { return done; });
  EXPECT_LT(metric("tier_saved_tokens_total"), 640);
  EXPECT_EQ(metric("tier_bytes{tier=\"ram\"}"), 0);
}

// llama-server tells nothing of RoPE scaling or adapters, and restores what does not fit.
// A server that has saved nothing yet may have another number of slots now.
TEST_F(TierArchiveTest, AfterARestartItLooksHowManyStreamsThereAre) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  restart();
  server().streams = 3;
  EXPECT_EQ(back(1, owner("a")), 128);
  expect_no_file_is_left();
}

TEST_F(TierArchiveTest, ServersOfOneModelShareWhatIsKept) {
  add_server();
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), 0));
  EXPECT_TRUE(has(owner("a"), 1));
  EXPECT_EQ(back(3, owner("a"), 1), 128);
  EXPECT_EQ(held(3, 1), prompt(128));
}

TEST_F(TierArchiveTest, WithoutAFolderNothingIsKept) {
  settings_.folders.assign(1, "");
  archive_ = std::make_unique<TierArchive>(settings_, services_, all_);
  ASSERT_TRUE(run(archive_->start()));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
  EXPECT_FALSE(has(owner("a")));
}

TEST_F(TierArchiveTest, AFailureOfTheServerIsNotTheEnd) {
  server().error = Error(Fault::kTimeout, Side::kUpstream, "slow");
  EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  server().error.reset();
  EXPECT_TRUE(archive().wants({0, 0}, content(owner("a"), 128)));
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  server().error = Error(Fault::kStorage, Side::kUpstream, "no room");
  EXPECT_EQ(back(1, owner("a")), -1);
  EXPECT_EQ(metric("tier_restores_total{result=\"failed\"}"), 1);
  server().error.reset();
  EXPECT_EQ(back(1, owner("a")), 128);
  expect_no_file_is_left();
}

TEST_F(TierArchiveTest, NothingIsRestoredThatCannotBeWritten) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  files_.fail_each({keep::test::FaultyFileSystem::Operation::kWrite}, {ENOSPC, 10});
  EXPECT_EQ(back(1, owner("a")), 0);
  files_.heal();
  EXPECT_EQ(server().restores, 0);
  EXPECT_EQ(back(1, owner("a")), 128);
}

// One whose prompt begins anew with each turn must not turn it off for all.
TEST_F(TierArchiveTest, AKnownBeginningIsBroughtBackForWhoeverHasIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(640), "systemfour"));  // 64 tokens each
  const WantedPrompt sub = wanted(owner("b"), "system-other");
  EXPECT_EQ(archive().has(0, sub), 6 * 64);
  EXPECT_EQ(back(1, sub),
            8 * 64);  // an eighth more, and a block: llama-server knows where they part
  EXPECT_EQ(held(1), prompt(8 * 64));
  EXPECT_EQ(archive().has(0, wanted(owner("c"), "tsystem")), 0);
  EXPECT_EQ(archive().has(0, wanted(owner("b", "another"), "system-other")), 0);
}

TEST_F(TierArchiveTest, NothingComesBackWhereAsMuchIsThere) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "ab"));
  WantedPrompt some = wanted(owner("a"), "abc");
  some.there = 100;
  EXPECT_EQ(archive().has(0, some), 128);
  EXPECT_EQ(back(1, some), 128);
  some.there = 128;
  EXPECT_EQ(archive().has(0, some), 0);
  EXPECT_EQ(back(2, some), 0);
}

TEST_F(TierArchiveTest, ItsOwnIsTakenUnlessAnotherHasMoreOfIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "ab"));
  ASSERT_TRUE(keep(0, owner("b"), prompt(640), "abcdefghij"));
  EXPECT_EQ(archive().has(0, wanted(owner("a"), "abx")), 128);
  EXPECT_EQ(archive().has(0, wanted(owner("a"), "abcdefgh")), 512);
  archive().forget(owner("b").conversation);
  EXPECT_EQ(archive().has(0, wanted(owner("a"), "abcdefgh")), 128);
}

// The hash of a beginning is no secret: one can be made that looks like a stranger's.
// 1 ms for 1 000 tokens: nothing is restored as soon as that.
TEST_F(TierArchiveTest, WhatAnEarlierRunLeftInTheFolderIsRemoved) {
  std::ofstream(folder_.path + "/llama-keep-0123-save-1") << "old";
  std::ofstream(folder_.path + "/users-own.bin") << "kept";
  archive();
  EXPECT_EQ(staged(), 1U);
  EXPECT_TRUE(fs::exists(folder_.path + "/users-own.bin"));
}

}  // namespace
}  // namespace keep::tier
