#include "exchange/conversations.hpp"
#include "plugins/slots/slots_plugin.hpp"
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::slots::test {
namespace {

// Says which conversation is no more.
class EndingConversations final : public Conversations {
 public:
  Task<std::vector<StoredMessage>> read(ConversationName, Position, std::size_t) override {
    co_return std::vector<StoredMessage>();
  }
  Task<std::string> read_sidecar(ConversationName, Sidecar) override { co_return std::string(); }
  Task<> write_sidecar(ConversationName, Sidecar, std::string) override { co_return Result<>{}; }
  bool has(const ConversationName&) const override { return false; }
  void attach(ConversationKeeper& keeper) override { keeper_ = &keeper; }
  void end(const std::string& tenant, const std::string& id) { keeper_->forget({tenant, id}); }

 private:
  ConversationKeeper* keeper_ = nullptr;
};

class SlotsForgetTest : public SlotsFixture {};

TEST_F(SlotsForgetTest, WhatAnEndedConversationLeftIsErased) {
  EndingConversations conversations;
  services_.conversations = &conversations;
  auto& erased = add_upstream(4).control.erased;
  start();
  Client& one = ask("ended");
  Client& agent = client("ended");
  agent.exchange.identity.agent = "sub";
  route(agent);
  const std::vector<int> left{one.slot(), agent.slot()};
  answer(one);
  answer(agent);
  turn("other");
  conversations.end("another tenant", "ended");
  conversations.end("t", "ended");
  until([this] { return spawner_.running() == 0; });
  EXPECT_EQ(erased, left);
  EXPECT_FALSE(ask("ended").exchange.route.warm);
  EXPECT_TRUE(ask("other").exchange.route.warm);
}

TEST_F(SlotsForgetTest, ASlotThatAnotherConversationHasTakenStays) {
  EndingConversations conversations;
  services_.conversations = &conversations;
  auto& erased = add_upstream(1).control.erased;
  start();
  turn("ended");
  Client& other = ask("other");
  conversations.end("t", "ended");
  answer(other);
  conversations.end("t", "ended");
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(erased.empty());
  EXPECT_TRUE(ask("other").exchange.route.warm);
}

}  // namespace
}  // namespace keep::slots::test
