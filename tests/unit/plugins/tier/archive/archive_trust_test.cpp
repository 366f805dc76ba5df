// What the archive believes of a server, and when it stops asking it.
#include "tests/unit/plugins/tier/archive/archive_fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace keep::tier {
namespace {

using test::prompt;
using TierTrustTest = test::ArchiveFixture;

TEST_F(TierTrustTest, AnotherModelGetsNothingOfIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  fleet_.servers[0]->up = false;
  fleet_.changed(0);
  EXPECT_FALSE(has(owner("a")));
  fleet_.servers[0]->up = true;
  fleet_.changed(0);
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(has(owner("a")));  // the same one, started anew
  fleet_.servers[0]->up = false;
  fleet_.changed(0);
  fleet_.servers[0]->server.model_path = "/models/b.gguf";
  fleet_.servers[0]->up = true;
  fleet_.changed(0);
  until([this] { return spawner_.running() == 0; });
  EXPECT_FALSE(has(owner("a")));
  EXPECT_EQ(back(0, owner("a")), 0);
}

TEST_F(TierTrustTest, AServerThatComputesSomethingElseGetsNothingOfIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  restart();
  server().model = 0x2000;
  EXPECT_TRUE(has(owner("a")));
  EXPECT_EQ(back(1, owner("a")), 64) << "the block that was computed";
  EXPECT_EQ(held(1), prompt(64));
  EXPECT_EQ(metric("tier_restores_total{result=\"foreign\"}"), 1);
  EXPECT_FALSE(has(owner("a")));
  EXPECT_EQ(server().restores, 0);
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  EXPECT_EQ(back(1, owner("a")), 192);
  EXPECT_EQ(completions_.asked, 1);
  expect_no_file_is_left();
}

TEST_F(TierTrustTest, OneThatComputesTheSameIsAskedOnce) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  ASSERT_TRUE(keep(0, owner("b"), prompt(300, 7)));
  EXPECT_EQ(back(1, owner("a")), 192);
  EXPECT_EQ(completions_.asked, 0);
  restart();
  ASSERT_TRUE(keep(0, owner("c"), prompt(128, 9)));
  EXPECT_EQ(back(1, owner("a")), 192);
  EXPECT_EQ(back(2, owner("b")), 288);
  EXPECT_EQ(back(3, owner("c")), 128);
  EXPECT_EQ(completions_.asked, 1);
  const double tokens = metric("tier_saved_tokens_total");
  ASSERT_TRUE(keep(0, owner("d"), prompt(200)));
  EXPECT_EQ(metric("tier_saved_tokens_total"), tokens) << "kept under the name it had before";
}

// It was away for less than the time between two looks at its health.
TEST_F(TierTrustTest, ARestartThatNobodyHasNoticedIsSeenInItsTasks) {
  const auto used = [this](std::optional<std::int64_t> first, std::optional<std::int64_t> second) {
    server().states = {{0, false, 0, first}, {1, false, 0, second}};
    clock_.turn(std::chrono::seconds(1));
  };
  used(8, 20);
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  used(30, 20);
  EXPECT_EQ(back(1, owner("a")), 192);
  EXPECT_EQ(completions_.asked, 0);
  used(31, std::nullopt);
  server().model = 0x2000;
  EXPECT_EQ(back(1, owner("a")), 0);
  until([this] { return spawner_.running() == 0; });
  EXPECT_EQ(back(1, owner("a")), 64) << "it has been compared";
  EXPECT_EQ(completions_.asked, 1);
  EXPECT_FALSE(has(owner("a")));
  used(5, 7);  // and once more, before anything is kept
  EXPECT_FALSE(keep(0, owner("b"), prompt(200)));
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(keep(0, owner("b"), prompt(200)));
}

TEST_F(TierTrustTest, AServerThatCannotBeAskedGetsNothingYet) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(200)));
  restart();
  server().error = Error(Fault::kTimeout, Side::kUpstream, "slow");
  EXPECT_EQ(back(1, owner("a")), -1);
  server().error.reset();
  EXPECT_EQ(back(1, owner("a")), 192);
}

TEST_F(TierTrustTest, WhatCannotBeCutIntoBlocksIsLeftAlone) {
  server().behind = "a window";
  for (int i = 0; i < 3; ++i) {  // one may be a prompt with pictures
    EXPECT_TRUE(archive().wants({0, 0}, content(owner("a"), 128)));
    EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  }
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
  EXPECT_EQ(metric("tier_saves_total{result=\"failed\"}"), 3);
  expect_no_file_is_left();
}

TEST_F(TierTrustTest, AServerThatSavesElsewhereIsLeftAlone) {
  const keep::test::TempFolder elsewhere;
  server().folder = elsewhere.path;
  EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
}

TEST_F(TierTrustTest, AServerThatSavesNothingIsLeftAlone) {
  server().error = Error(Fault::kNotFound, Side::kUpstream, "501");
  EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
}

TEST_F(TierTrustTest, ARestoreCountsWhenTheAnswerShowsIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  EXPECT_EQ(back(1, owner("a")), 128);
  answer(1, owner("a"), 128, 40);
  EXPECT_EQ(metric("tier_restores_total{result=\"restored\"}"), 1);
  EXPECT_EQ(metric("tier_restored_tokens_total"), 128);
  answer(1, owner("a"), 128, 40);
  EXPECT_EQ(metric("tier_restores_total{result=\"restored\"}"), 1);
}

TEST_F(TierTrustTest, AServerThatMakesNothingOfItIsNotAskedAgain) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "s"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(has(owner("a")));
    EXPECT_EQ(back(1, wanted(owner("a"), "sx")), 128);
    answer(1, owner("other"), 0, 10);  // not about it
    EXPECT_EQ(back(1, wanted(owner("a"), "sx")), 128);
    answer(1, owner("a"), 0, 168);
  }
  EXPECT_FALSE(has(owner("a")));
  EXPECT_EQ(metric("tier_restores_total{result=\"useless\"}"), 3);
}

TEST_F(TierTrustTest, AnotherPromptOfTheSameOwnerSaysNothingAboutTheServer) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "s"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(back(1, wanted(owner("a"), "t")), 128);
    answer(1, owner("a"), 0, 168);
  }
  EXPECT_TRUE(has(owner("a")));
}

TEST_F(TierTrustTest, ABeginningOfAnotherTenantIsNotFound) {
  SlotContent kept = content(owner("a", "one"), 640);
  kept.trail = trail("system", "two");
  kept.text_bytes = 60;
  ASSERT_TRUE(keep(0, kept, prompt(640)));
  EXPECT_EQ(archive().has(0, wanted(owner("a", "two"), "system")), 0);
  EXPECT_EQ(archive().has(0, wanted(owner("b", "one"), "system")), 0);
}

TEST_F(TierTrustTest, ARequestThatWantsNoCacheSaysNothingAboutTheServer) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "s"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(back(1, wanted(owner("a"), "sx")), 128);
    answer(1, owner("a"), 0, 168,
           R"({"messages":[{"role":"user","content":"q"}],"cache_prompt":false})");
  }
  EXPECT_TRUE(has(owner("a")));
}

TEST_F(TierTrustTest, AServerThatHasMadeUseOfOneIsNotDoubted) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "s"));
  EXPECT_EQ(back(1, wanted(owner("a"), "sx")), 128);
  answer(1, owner("a"), 128, 40);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(back(1, wanted(owner("a"), "sx")), 128);
    answer(1, owner("a"), 0, 168);
  }
  EXPECT_TRUE(has(owner("a")));
}

// Another model under another path may come up before its absence has been noticed.
TEST_F(TierTrustTest, AModelThatChangesWithoutAnAbsenceIsNoticed) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  fleet_.changed(0);
  EXPECT_TRUE(has(owner("a")));
  fleet_.servers[0]->server.model_path = "/models/b.gguf";
  fleet_.changed(0);
  until([this] { return spawner_.running() == 0; });
  EXPECT_FALSE(has(owner("a")));
}

// Somebody else may have used it, whom nobody here knows.
TEST_F(TierTrustTest, WhatIsNotInTheSlotAnyMoreIsNotKept) {
  server().slots[0] = prompt(300);
  EXPECT_FALSE(run(archive().keep({0, 0}, content(owner("a"), 128))));
  EXPECT_FALSE(has(owner("a")));
  EXPECT_EQ(metric("tier_bytes{tier=\"ram\"}"), 0);
}

TEST_F(TierTrustTest, OneFileThatIsNotThereIsNoOtherFolder) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  const keep::test::TempFolder elsewhere;
  server().folder = elsewhere.path;
  EXPECT_FALSE(keep(0, owner("b"), prompt(256)));
  server().folder = folder_.path;
  EXPECT_TRUE(keep(0, owner("b"), prompt(256)));
}

TEST_F(TierTrustTest, WhatIsSoonerReadAnewIsNotRestored) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  EXPECT_EQ(back(1, owner("a")), 128);
  Exchange exchange;
  exchange.route.lease = SlotLease(0, 1, nullptr);
  openai::ServerTimings timings;
  timings.prompt_n = 1'000'000;
  timings.prompt_ms = 1;
  exchange.answer.timings = timings;
  archive().answered(exchange);
  for (int i = 1; i < 8; ++i) EXPECT_FALSE(has(owner("a")));
  EXPECT_TRUE(has(owner("a"))) << "once in a while: it may have become quicker";
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("b"), 128)));
}

}  // namespace
}  // namespace keep::tier
