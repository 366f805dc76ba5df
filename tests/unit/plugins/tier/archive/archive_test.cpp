#include "plugins/tier/archive/archive.hpp"

#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/fake_services.hpp"
#include "tests/unit/plugins/tier/archive/fake_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

namespace fs = std::filesystem;

std::vector<TokenId> prompt(std::size_t tokens, TokenId first = 1) {
  std::vector<TokenId> ids(tokens);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

class TierArchiveTest : public ::testing::Test, protected keep::test::FakeServices {
 protected:
  TierArchiveTest() { add_server(); }
  ~TierArchiveTest() override {
    spawner_.cancel_all();
    until([this] { return spawner_.running() == 0; });
    pools_.disk.join();
  }

  test::FakeServer& add_server() {
    fleet_.servers.push_back(std::make_unique<test::FakeServer>(loop_, folder_.path));
    return *fleet_.servers.back();
  }
  TierArchive& archive() {
    if (archive_) return *archive_;
    settings_.folders.assign(fleet_.size(), folder_.path);
    archive_ = std::make_unique<TierArchive>(settings_, services_, fleet_);
    run(archive_->start());
    until([this] { return spawner_.running() == 0; });
    return *archive_;
  }
  template <class T>
  Result<T> run(Task<T> task) {
    std::optional<Result<T>> result;
    asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr, Result<T> r) { result = r; });
    until([&] { return result.has_value(); });
    return *result;
  }
  void until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.run_one_for(std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(condition());
  }

  static PromptOwner owner(const std::string& id, const std::string& tenant = "t") {
    PromptOwner owner;
    owner.conversation = {tenant, id};
    return owner;
  }
  // Of messages of ten bytes each.
  static openai::PromptTrail trail(const std::string& messages, const std::string& tenant = "t") {
    openai::ChatRequest chat;
    for (const char c : messages) {
      openai::Message message;
      message.hash = static_cast<std::uint64_t>(c);
      message.text_bytes = 10;
      chat.messages.push_back(message);
    }
    return openai::PromptTrail(tenant, chat, [](std::size_t) { return true; });
  }
  static SlotContent content(const PromptOwner& whose, std::size_t tokens) {
    SlotContent content;
    content.owner = std::make_shared<const PromptOwner>(whose);
    content.tokens = static_cast<std::int64_t>(tokens);
    return content;
  }
  // What is in that slot is kept for its owner.
  Result<> keep(int slot, const PromptOwner& whose, const std::vector<TokenId>& tokens,
                std::size_t upstream = 0) {
    return keep(slot, content(whose, tokens.size()), tokens, upstream);
  }
  Result<> keep(int slot, const SlotContent& content, const std::vector<TokenId>& tokens,
                std::size_t upstream = 0) {
    fleet_.servers[upstream]->control.slots[static_cast<std::size_t>(slot)] = tokens;
    return run(archive().keep({upstream, slot}, content));
  }
  Result<> keep(int slot, const PromptOwner& whose, const std::vector<TokenId>& tokens,
                const std::string& messages) {
    SlotContent kept = content(whose, tokens.size());
    kept.trail = trail(messages, whose.conversation.tenant);
    kept.text_bytes = messages.size() * 10;
    return keep(slot, kept, tokens);
  }
  static WantedPrompt wanted(const PromptOwner& whose, const std::string& messages = "") {
    return {std::make_shared<const PromptOwner>(whose), trail(messages, whose.conversation.tenant)};
  }
  std::int64_t has(const PromptOwner& whose, std::size_t upstream = 0) {
    return archive().has(upstream, wanted(whose));
  }
  std::int64_t back(int slot, const PromptOwner& whose, std::size_t upstream = 0) {
    return back(slot, wanted(whose), upstream);
  }
  std::int64_t back(int slot, const WantedPrompt& prompt, std::size_t upstream = 0) {
    const auto held = run(archive().bring_back({upstream, slot}, prompt));
    return held ? *held : -1;
  }
  const std::vector<TokenId>& held(int slot, std::size_t upstream = 0) {
    return fleet_.servers[upstream]->control.slots[static_cast<std::size_t>(slot)];
  }
  test::FakeSlotFiles& server() { return fleet_.servers[0]->control; }
  // An answer to that owner, from that slot.
  void answer(int slot, const PromptOwner& whose, std::int64_t cached, std::int64_t read) {
    Exchange exchange;
    exchange.identity.tenant = whose.conversation.tenant;
    exchange.identity.conversation = whose.conversation.id;
    exchange.route.lease = SlotLease(0, slot, nullptr);
    openai::ServerTimings timings;
    timings.cache_n = cached;
    timings.prompt_n = read;
    timings.prompt_ms = static_cast<double>(read);
    exchange.answer.timings = timings;
    archive().answered(exchange);
  }
  double metric(const std::string& series) {
    const std::string text = metrics_.text();
    const auto at = text.find("\nllama_keep_" + series + " ");
    return at == text.npos ? -1 : std::stod(text.substr(text.find(' ', at)));
  }
  std::size_t staged() {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& one : fs::directory_iterator(folder_.path)) ++files;
    return files;
  }
  void expect_no_file_is_left() {
    until([this] { return staged() == 0; });
  }

  keep::test::TempFolder folder_;
  test::FakeServers fleet_;
  TierSettings settings_;
  std::unique_ptr<TierArchive> archive_;
};

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
  EXPECT_EQ(archive().cost_of_losing(0, content(owner("a"), 200)), 8);
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

TEST_F(TierArchiveTest, AnotherModelGetsNothingOfIt) {
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

// A server that has saved nothing yet may have another number of slots now.
TEST_F(TierArchiveTest, AfterARestartItLooksHowManyStreamsThereAre) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  fleet_.servers[0]->up = false;
  fleet_.changed(0);
  fleet_.servers[0]->up = true;
  fleet_.changed(0);
  until([this] { return spawner_.running() == 0; });
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

TEST_F(TierArchiveTest, WhatCannotBeCutIntoBlocksIsLeftAlone) {
  server().behind = "a window";
  EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
  EXPECT_EQ(metric("tier_saves_total{result=\"failed\"}"), 1);
  expect_no_file_is_left();
}

TEST_F(TierArchiveTest, AServerThatSavesElsewhereIsLeftAlone) {
  const keep::test::TempFolder elsewhere;
  server().folder = elsewhere.path;
  EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
}

TEST_F(TierArchiveTest, AServerThatSavesNothingIsLeftAlone) {
  server().error = Error(Fault::kNotFound, Side::kUpstream, "501");
  EXPECT_FALSE(keep(0, owner("a"), prompt(128)));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("a"), 128)));
}

TEST_F(TierArchiveTest, WithoutAFolderNothingIsKept) {
  settings_.folders.assign(1, "");
  archive_ = std::make_unique<TierArchive>(settings_, services_, fleet_);
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

TEST_F(TierArchiveTest, ARestoreCountsWhenTheAnswerShowsIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  EXPECT_EQ(back(1, owner("a")), 128);
  answer(1, owner("a"), 128, 40);
  EXPECT_EQ(metric("tier_restores_total{result=\"restored\"}"), 1);
  EXPECT_EQ(metric("tier_restored_tokens_total"), 128);
  answer(1, owner("a"), 128, 40);
  EXPECT_EQ(metric("tier_restores_total{result=\"restored\"}"), 1);
}

TEST_F(TierArchiveTest, AServerThatMakesNothingOfItIsNotAskedAgain) {
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

// One whose prompt begins anew with each turn must not turn it off for all.
TEST_F(TierArchiveTest, AnotherPromptOfTheSameOwnerSaysNothingAboutTheServer) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "s"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(back(1, wanted(owner("a"), "t")), 128);
    answer(1, owner("a"), 0, 168);
  }
  EXPECT_TRUE(has(owner("a")));
}

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

TEST_F(TierArchiveTest, ItsOwnIsTakenUnlessAnotherHasMoreOfIt) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128), "ab"));
  ASSERT_TRUE(keep(0, owner("b"), prompt(640), "abcdefghij"));
  EXPECT_EQ(archive().has(0, wanted(owner("a"), "abx")), 128);
  EXPECT_EQ(archive().has(0, wanted(owner("a"), "abcdefgh")), 512);
  archive().forget(owner("b").conversation);
  EXPECT_EQ(archive().has(0, wanted(owner("a"), "abcdefgh")), 128);
}

// The hash of a beginning is no secret: one can be made that looks like a stranger's.
TEST_F(TierArchiveTest, ABeginningOfAnotherTenantIsNotFound) {
  SlotContent kept = content(owner("a", "one"), 640);
  kept.trail = trail("system", "two");
  kept.text_bytes = 60;
  ASSERT_TRUE(keep(0, kept, prompt(640)));
  EXPECT_EQ(archive().has(0, wanted(owner("a", "two"), "system")), 0);
  EXPECT_EQ(archive().has(0, wanted(owner("b", "one"), "system")), 0);
}

// 1 ms for 1 000 tokens: nothing is restored as soon as that.
TEST_F(TierArchiveTest, WhatIsSoonerReadAnewIsNotRestored) {
  ASSERT_TRUE(keep(0, owner("a"), prompt(128)));
  EXPECT_EQ(back(1, owner("a")), 128);
  Exchange exchange;
  exchange.route.lease = SlotLease(0, 1, nullptr);
  openai::ServerTimings timings;
  timings.prompt_n = 1'000'000;
  timings.prompt_ms = 1;
  exchange.answer.timings = timings;
  archive().answered(exchange);
  EXPECT_FALSE(has(owner("a")));
  EXPECT_FALSE(archive().wants({0, 0}, content(owner("b"), 128)));
}

TEST_F(TierArchiveTest, WhatAnEarlierRunLeftInTheFolderIsRemoved) {
  std::ofstream(folder_.path + "/llama-keep-0123-save-1") << "old";
  std::ofstream(folder_.path + "/users-own.bin") << "kept";
  archive();
  EXPECT_EQ(staged(), 1U);
  EXPECT_TRUE(fs::exists(folder_.path + "/users-own.bin"));
}

}  // namespace
}  // namespace keep::tier
