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

}  // namespace
}  // namespace keep::slots::test
