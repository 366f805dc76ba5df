#include "exchange/interfaces/conversations.hpp"
#include "plugins/slots/slots_plugin.hpp"
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::slots::test {
namespace {

class SlotsForgetTest : public SlotsFixture {};

TEST_F(SlotsForgetTest, WhatAnEndedConversationLeftIsErased) {
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
  plugin_->forget({"another tenant", "ended"});
  plugin_->forget({"t", "ended"});
  until([this] { return spawner_.running() == 0; });
  EXPECT_EQ(erased, left);
  EXPECT_FALSE(ask("ended").exchange.route.warm);
  EXPECT_TRUE(ask("other").exchange.route.warm);
}

TEST_F(SlotsForgetTest, ASlotThatAnotherConversationHasTakenStays) {
  auto& erased = add_upstream(1).control.erased;
  start();
  turn("ended");
  Client& other = ask("other");
  plugin_->forget({"t", "ended"});
  answer(other);
  plugin_->forget({"t", "ended"});
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(erased.empty());
  EXPECT_TRUE(ask("other").exchange.route.warm);
}

TEST_F(SlotsForgetTest, WhatIsLeftInABusySlotIsErasedOnceItIsIdle) {
  FakeUpstream& server = add_upstream(2);
  start();
  Client& gone = ask("ended");
  const int slot = gone.slot();
  sent(gone);
  processing(gone) = true;
  held(gone) = 55;
  finish(gone);
  plugin_->forget({"t", "ended"});
  EXPECT_FALSE(ask("ended").exchange.route.warm) << "it need not wait for that slot either";
  EXPECT_TRUE(server.control.erased.empty());
  server.control.state[static_cast<std::size_t>(slot)].processing = false;
  until([&] { return server.control.erased == std::vector<int>{slot}; });
  EXPECT_EQ(server.control.state[static_cast<std::size_t>(slot)].held_tokens, 0);
}

TEST_F(SlotsForgetTest, ALeaseThatIsGivenBackUnusedDoesNotHideWhatAnEndedOneLeft) {
  auto& erased = add_upstream(1).control.erased;
  start();
  turn("ended");
  Client& other = ask("other");
  plugin_->forget({"t", "ended"});
  EXPECT_TRUE(erased.empty());
  finish(other);  // nothing was sent
  until([this] { return spawner_.running() == 0; });
  EXPECT_EQ(erased, std::vector<int>{0});
  EXPECT_FALSE(ask("ended").exchange.route.warm);
}

TEST_F(SlotsForgetTest, AnEraseThatFailsIsNotTriedForEver) {
  FakeUpstream& server = add_upstream(1);
  start();
  turn("ended");
  server.control.erase_error = Error(Fault::kProtocol, Side::kUpstream, "no");
  plugin_->forget({"t", "ended"});
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(server.control.erased.empty());
  EXPECT_FALSE(ask("ended").exchange.route.warm) << "all the same";
}

}  // namespace
}  // namespace keep::slots::test
