#include "plugins/recall/fog/fog_search.hpp"

#include "tests/unit/plugins/fake_services.hpp"
#include "tests/unit/plugins/recall/made_message.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::recall {
namespace {

// One conversation, and how often somebody has read in it.
class CountedRecord final : public Conversations {
 public:
  Task<std::vector<StoredMessage>> read(ConversationName, Position from, std::size_t) override {
    ++reads;
    std::vector<StoredMessage> messages;
    if (from < said.size()) messages.push_back(said[from]);
    co_return messages;
  }
  Task<std::string> read_sidecar(ConversationName, Sidecar) override { co_return std::string(); }
  Task<> write_sidecar(ConversationName, Sidecar, std::string) override { co_return Result<>{}; }
  bool has(const ConversationName&) const override { return true; }
  void attach(ConversationObserver&) override {}

  void say(const std::string& text) {
    said.push_back(message(static_cast<Position>(said.size()), text));
  }

  std::vector<StoredMessage> said;
  int reads = 0;
};

class FogSearchTest : public testing::Test, protected test::FakeServices {
 protected:
  std::vector<Found> find(const std::string& question) {
    Search search;
    search.name = {"me", "talk"};
    search.questions = {question};
    search.path = {{0, static_cast<Position>(record_.said.size() - 1)}};
    search.limit = 16;
    std::optional<Result<std::vector<Found>>> result;
    auto task = search_.find(std::move(search));
    asio::co_spawn(loop_, std::move(task),
                   [&result](const std::exception_ptr& failure, auto found) {
                     if (failure) std::rethrow_exception(failure);
                     result.emplace(std::move(found));
                   });
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while ((!result || spawner_.running() > 0) && std::chrono::steady_clock::now() < limit) {
      loop_.run_one_for(std::chrono::milliseconds(10));
    }
    return result && *result ? **std::move(result) : std::vector<Found>();
  }

  CountedRecord record_;
  FogSearch search_{services_, record_, 64 << 20};
};

// A paste of thousands of lines is found by many of its passages. Reading and splitting it anew for
// each of them took as long as a minute.
TEST_F(FogSearchTest, AMessageIsReadOnceHoweverManyOfItsPassagesAreFound) {
  std::string paste;
  for (int i = 0; i < 4000; ++i) {
    paste += "line " + std::to_string(i) + " of the harvest table says barley and oats\n";
  }
  record_.say("The barley was sold on Monday.");
  record_.say(paste);
  find("barley");  // the index has it all now
  record_.reads = 0;
  const std::vector<Found> found = find("Where is barley in the harvest table?");
  EXPECT_GT(found.size(), 10U);
  EXPECT_LE(record_.reads, 2) << "one for each message";
  for (std::size_t i = 1; i < found.size(); ++i) {
    EXPECT_LE(found[i].relevance, found[i - 1].relevance) << "best first, whatever the message";
    EXPECT_NE(found[i].text.find("barley"), std::string::npos);
  }
}

TEST_F(FogSearchTest, WhatCannotBeReadAnyMoreIsLeftOut) {
  record_.say("The barley was sold on Monday.");
  record_.say("Barley is dear this year.");
  EXPECT_EQ(find("barley").size(), 2U);
  record_.said[1].info.position = 7;
  const std::vector<Found> found = find("barley");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, "The barley was sold on Monday.");
}

}  // namespace
}  // namespace keep::recall
