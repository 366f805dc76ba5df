// The KV cell budget at work: slots given up for others, before and while they are served.
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

namespace keep::slots::test {
namespace {

class BudgetFlowTest : public SlotsFixture {
 protected:
  // A conversation that holds so many tokens afterwards.
  void hold(const std::string& conversation, std::int64_t tokens) {
    answer(ask(conversation), tokens - 20, 20);
  }
  Client& large(const std::string& conversation, std::size_t bytes) {
    Client& c = client(conversation);
    c.body(R"({"messages":[{"role":"user","content":")" + std::string(bytes, 'x') +
           R"("}],"max_tokens":10})");
    return route(c);
  }
};

TEST_F(BudgetFlowTest, WhoHasToGoMakesWayInItsOwnSlot) {
  FakeUpstream& server = add_upstream(4);
  start_with_pool(2000);
  hold("a", 700);
  hold("b", 700);
  hold("c", 500);
  Client& d = large("d", 900);  // about 500 tokens; a slot is free, but its cells are not
  ASSERT_TRUE(d.leased());
  EXPECT_EQ(d.slot(), 0) << "where llama-server can save what it overwrites";
  EXPECT_TRUE(server.control.parked.empty());
  answer(d, 450, 10);
  EXPECT_TRUE(ask("b").exchange.route.warm);
  EXPECT_FALSE(ask("a").exchange.route.warm);
}

TEST_F(BudgetFlowTest, ParksTheOldestIdleSlotBeforeTheGrant) {
  FakeUpstream& server = add_upstream(4);
  start_with_pool(2000);
  hold("a", 700);
  hold("b", 700);
  hold("c", 500);
  server.control.hold_emptying = true;
  Client& c = large("c", 2000);
  EXPECT_FALSE(c.leased()) << "not before the cells are free";
  server.control.hold_emptying = false;
  until([&c] { return c.leased(); });
  EXPECT_TRUE(c.exchange.route.warm);
  EXPECT_EQ(server.control.parked, std::vector<int>{0});
  EXPECT_TRUE(server.control.erased.empty()) << "an erased prompt is in no RAM cache";
  EXPECT_NE(metrics().find("llama_keep_slots_given_up_total 1"), std::string::npos);
}

TEST_F(BudgetFlowTest, SlotBeingParkedIsNotHandedOut) {
  FakeUpstream& server = add_upstream(2);
  start_with_pool(1000);
  hold("a", 600);
  hold("b", 300);
  server.control.hold_emptying = true;
  Client& b = large("b", 1200);
  Client& a = ask("a");
  settle();
  EXPECT_FALSE(a.leased());
  server.control.hold_emptying = false;
  until([&b] { return b.leased(); });
  answer(b, 300, 10);
  until([&a] { return a.leased(); });
  EXPECT_FALSE(a.exchange.route.warm);
}

TEST_F(BudgetFlowTest, WaitsForLeasedSlotsToEnd) {
  add_upstream(4);
  start_with_pool(2000);
  Client& first = large("a", 3000);  // about 1540 tokens
  ASSERT_TRUE(first.leased());
  Client& second = large("b", 1500);
  EXPECT_FALSE(second.leased()) << "slots are free, cells are not";
  Client& other = client("c", "other tenant");
  other.body(R"({"messages":[{"role":"user","content":"x"}],"max_tokens":10})");
  EXPECT_TRUE(route(other).leased()) << "a small one of another tenant may overtake";
  answer(first, 1200, 10);
  until([&second] { return second.leased(); });
}

TEST_F(BudgetFlowTest, KnownPromptLetsOthersIn) {
  add_upstream(4);
  start_with_pool(2000);
  Client& first = large("a", 3000);
  Client& second = large("b", 1500);
  EXPECT_FALSE(second.leased());
  openai::EventInfo info;
  info.kind = openai::EventInfo::Kind::kProgress;
  info.progress.emplace();
  info.progress->total = 600;  // the estimate was an upper bound
  first.stage->on_event(first.exchange, openai::SseEvent(), info);
  settle();
  EXPECT_TRUE(second.leased());
}

TEST_F(BudgetFlowTest, TooLargeForThePoolGoesAheadAlone) {
  add_upstream(2);
  start_with_pool(1000);
  EXPECT_TRUE(large("a", 9000).leased()) << "llama-server will answer it";
}

TEST_F(BudgetFlowTest, GrowingAnswerPushesIdleSlotsOut) {
  FakeUpstream& server = add_upstream(4);
  start_with_pool(2000);
  hold("old", 700);
  hold("newer", 700);
  Client& c = large("c", 600);
  ASSERT_TRUE(c.leased());
  EXPECT_TRUE(server.control.parked.empty());
  openai::EventInfo token;
  token.has_output = true;
  for (int i = 0; i < 700; ++i) {
    ++c.exchange.answer.output_events;
    c.stage->on_event(c.exchange, openai::SseEvent(), token);
  }
  until([this] { return spawner_.running() == 0; });
  EXPECT_EQ(server.control.parked, std::vector<int>{0});
  EXPECT_TRUE(ask("newer").exchange.route.warm);
}

TEST_F(BudgetFlowTest, PurgeByTheServerIsNoticed) {
  FakeUpstream& server = add_upstream(4);
  start();  // no pool known
  hold("a", 400);
  hold("b", 400);
  hold("c", 400);
  server.control.state[0].held_tokens = 0;
  server.control.state[1].held_tokens = 0;
  Client& a = ask("a");
  EXPECT_TRUE(a.exchange.route.warm);
  answer(a, 400, 20, 0);  // yet nothing was cached
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(ask("c").exchange.route.warm);
  EXPECT_FALSE(ask("b").exchange.route.warm) << "it was purged, too";
}

// A llama-server of before it told what a slot holds.
TEST_F(BudgetFlowTest, ServerThatDoesNotTellWhatItsSlotsHoldIsBelieved) {
  FakeUpstream& server = add_upstream(2);
  start();
  for (int i = 0; i < 5; ++i) {
    for (const char* name : {"a", "b"}) {
      answer(ask(name), 100, 20, i > 0 ? 99 : 0);
      for (SlotState& slot : server.control.state) slot.held_tokens.reset();
      until([this] { return spawner_.running() == 0; });
    }
  }
  EXPECT_TRUE(ask("a").exchange.route.warm);
  EXPECT_TRUE(ask("b").exchange.route.warm);
  EXPECT_LE(server.control.lists, 3) << "what cannot be learned is not asked for each time";
}

}  // namespace
}  // namespace keep::slots::test
