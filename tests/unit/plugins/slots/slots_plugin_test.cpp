#include "plugins/slots/slots_plugin.hpp"

#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace keep::slots::test {
namespace {

using std::chrono::milliseconds;

class SlotsPluginTest : public SlotsFixture {};

TEST_F(SlotsPluginTest, ConversationsKeepTheirSlots) {
  add_upstream(20);
  start();
  std::vector<int> slots;
  for (int i = 0; i < 20; ++i) {
    Client& c = ask("c" + std::to_string(i));
    ASSERT_TRUE(c.leased());
    slots.push_back(c.slot());
    answer(c);
  }
  EXPECT_EQ(std::set<int>(slots.begin(), slots.end()).size(), 20U);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) {
      Client& c = ask("c" + std::to_string(i));
      EXPECT_EQ(c.slot(), slots[static_cast<std::size_t>(i)]);
      EXPECT_TRUE(c.exchange.route.warm);
      answer(c);
    }
  }
}

TEST_F(SlotsPluginTest, TenantsAndAgentsAreNotMixedUp) {
  add_upstream(4);
  start();
  answer(ask("same", "one"));
  EXPECT_FALSE(ask("same", "two").exchange.route.warm);
  Client& agent = client("same", "one");
  agent.exchange.identity.agent = "sub";
  EXPECT_FALSE(route(agent).exchange.route.warm);
  EXPECT_TRUE(ask("same", "one").exchange.route.warm);
}

TEST_F(SlotsPluginTest, QueueIsBoundedAndNobodyIsForgotten) {
  add_upstream(4);
  start();
  for (int i = 0; i < 69; ++i) ask("c" + std::to_string(i));
  const auto count = [this](auto what) {
    return std::count_if(clients_.begin(), clients_.end(), what);
  };
  EXPECT_EQ(count([](const auto& c) { return c->leased(); }), 4);
  EXPECT_EQ(count([](const auto& c) { return c->refused(); }), 1);
  EXPECT_TRUE(clients_[68]->refused()) << "the last one";
  EXPECT_EQ(clients_[68]->fault(), Fault::kOverload);
  EXPECT_EQ(count([](const auto& c) { return !c->result; }), 64);
  EXPECT_NE(metrics().find("llama_keep_queue_depth 64"), std::string::npos);
  EXPECT_NE(metrics().find("queue_refused_total{reason=\"full\"} 1"), std::string::npos);
  for (std::size_t i = 0; i < 68; ++i) {
    ASSERT_TRUE(clients_[i]->leased()) << "in the order they came: " << i;
    answer(*clients_[i]);
    clients_[i]->exchange.route.lease.reset();
  }
  EXPECT_NE(metrics().find("llama_keep_queue_depth 0"), std::string::npos);
  EXPECT_NE(metrics().find("slots{state=\"leased\"} 0"), std::string::npos);
}

TEST_F(SlotsPluginTest, RoundRobinBetweenTenants) {
  add_upstream(1);
  start();
  Client* running = &ask("x");
  std::vector<Client*> waiting;
  for (const char* who : {"a1", "a2", "a3", "b1"}) {
    waiting.push_back(&ask(who, std::string(who, 1)));
  }
  std::vector<int> order;
  for (int round = 0; round < 4; ++round) {
    answer(*running);
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i] == nullptr || !waiting[i]->leased()) continue;
      order.push_back(static_cast<int>(i));
      running = std::exchange(waiting[i], nullptr);
    }
  }
  EXPECT_EQ(order, (std::vector<int>{0, 3, 1, 2}));
}

TEST_F(SlotsPluginTest, ClientThatLeavesWhileQueuedIsNeverServed) {
  add_upstream(1);
  start();
  Client& first = ask("a");
  Client& leaver = ask("b");
  Client& last = ask("c");
  leave(leaver);
  EXPECT_EQ(leaver.fault(), Fault::kCancelled);
  finish(leaver);
  answer(first);
  EXPECT_FALSE(leaver.leased());
  EXPECT_TRUE(last.leased());
}

TEST_F(SlotsPluginTest, LeavingAtTheMomentOfTheGrantGivesTheSlotBack) {
  add_upstream(1);
  start();
  Client& first = ask("a");
  Client& leaver = ask("b");
  Client& last = ask("c");
  // The grant wakes the waiter; before it runs the client is gone.
  first.exchange.answer.complete = true;
  first.exchange.answer.timings.emplace();
  sent(first);
  asio::post(loop_, [&] {
    first.stage->on_finish(first.exchange, Outcome());
    leaver.leave.emit(asio::cancellation_type::terminal);
  });
  settle();
  EXPECT_FALSE(leaver.leased());
  EXPECT_EQ(leaver.fault(), Fault::kCancelled);
  EXPECT_TRUE(last.leased());
}

TEST_F(SlotsPluginTest, LeavingBeforeTheWaitBeginsIsNoticed) {
  add_upstream(1);
  start();
  ask("a");
  Client& leaver = client("b");
  asio::co_spawn(loop_, routing(*plugin_, leaver),
                 asio::bind_cancellation_slot(leaver.leave.slot(), [](std::exception_ptr) {}));
  leaver.leave.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_EQ(leaver.fault(), Fault::kCancelled);
}

TEST_F(SlotsPluginTest, WaitHasADeadline) {
  add_upstream(1);
  SlotsSettings settings;
  settings.queue_timeout = milliseconds(30);
  start(settings);
  ask("a");
  Client& late = ask("b");
  until([&late] { return late.result.has_value(); });
  EXPECT_EQ(late.fault(), Fault::kOverload);
  EXPECT_NE(metrics().find("queue_refused_total{reason=\"deadline\"} 1"), std::string::npos);
}

TEST_F(SlotsPluginTest, AbortedSlotIsNotUsedUntilSeenIdle) {
  FakeUpstream& server = add_upstream(1);
  start();
  Client& gone = ask("a");
  sent(gone);
  processing(gone) = true;
  held(gone) = 55;
  finish(gone);
  Client& next = ask("a");
  until([&server] { return server.control.lists > 4; });
  EXPECT_FALSE(next.leased()) << "llama-server is still at it";
  server.control.state[0].processing = false;
  until([&next] { return next.leased(); });
  EXPECT_TRUE(next.exchange.route.warm) << "what was prefilled counts";
}

TEST_F(SlotsPluginTest, OwnSlotIsWorthWaitingForWhileItSettles) {
  FakeUpstream& server = add_upstream(4);
  start();
  Client& gone = ask("a");
  const int slot = gone.slot();
  sent(gone);
  processing(gone) = true;
  held(gone) = 55;
  finish(gone);
  Client& again = ask("a");
  EXPECT_FALSE(again.leased());
  EXPECT_TRUE(ask("b").leased()) << "others go on meanwhile";
  server.control.state[static_cast<std::size_t>(slot)].processing = false;
  until([&again] { return again.leased(); });
  EXPECT_EQ(again.slot(), slot);
}

TEST_F(SlotsPluginTest, IdleBeforeTheServerHasBegunProvesNothing) {
  FakeUpstream& server = add_upstream(1);
  start();
  Client& gone = ask("a");
  gone.exchange.timeline.sent = clock_.now();  // no head yet
  finish(gone);
  Client& next = ask("b");
  until([&server] { return server.control.lists > 3; });
  EXPECT_FALSE(next.leased());
  server.control.state[0].processing = true;  // there it is
  until([&server] { return server.control.lists > 6; });
  server.control.state[0].processing = false;
  until([&next] { return next.leased(); });
}

TEST_F(SlotsPluginTest, SlotThatNeverSettlesComesBack) {
  FakeUpstream& server = add_upstream(1);
  start();
  Client& gone = ask("a");
  sent(gone);
  processing(gone) = true;
  finish(gone);
  Client& next = ask("b");
  until([&server] { return server.control.lists > 3; });
  EXPECT_FALSE(next.leased());
  clock_.turn(std::chrono::seconds(11));
  until([&next] { return next.leased(); });
}

TEST_F(SlotsPluginTest, ServerWithoutSlotsEndpointIsGivenAMoment) {
  FakeUpstream& server = add_upstream(1);
  server.control.list_error = Error(Fault::kNotFound, Side::kUpstream, "--no-slots");
  start();
  Client& gone = ask("a");
  ASSERT_TRUE(gone.leased()) << "nothing to wait for at the start";
  sent(gone);
  finish(gone);
  Client& next = ask("b");
  until([&server] { return server.control.lists > 2; });
  EXPECT_FALSE(next.leased());
  clock_.turn(std::chrono::seconds(1));
  until([&next] { return next.leased(); });
}

TEST_F(SlotsPluginTest, LeaseThatDiesWithoutOnFinishSettles) {
  add_upstream(1);
  start();
  Client& lost = ask("a");
  ASSERT_TRUE(lost.leased());
  Client& next = ask("b");
  lost.exchange.route.lease.reset();
  until([&next] { return next.leased(); });
}

TEST_F(SlotsPluginTest, LeaseNeverUsedLeavesTheSlotAsItWas) {
  FakeUpstream& server = add_upstream(1);
  start();
  turn("a");
  Client& never_sent = ask("b");
  ASSERT_TRUE(never_sent.leased());
  const int lists = server.control.lists;
  finish(never_sent);
  EXPECT_EQ(server.control.lists, lists) << "nothing to watch";
  EXPECT_TRUE(ask("a").exchange.route.warm);
}

TEST_F(SlotsPluginTest, RestartWithOtherSlotsVoidsLeases) {
  FakeUpstream& server = add_upstream(2);
  start();
  turn("warm");
  Client& old = ask("a");
  server.server.total_slots = 3;
  server.control.restart(3);
  upstreams_.changed(0);
  until([this] { return spawner_.running() == 0; });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask("n" + std::to_string(i)).leased());
  Client& waiting = ask("n3");
  EXPECT_FALSE(waiting.leased());
  answer(old);  // of a table that is gone
  EXPECT_FALSE(waiting.leased());
  old.exchange.route.lease.reset();
  EXPECT_FALSE(waiting.leased());
}

TEST_F(SlotsPluginTest, ServerThatWasAwayLosesOnlyWhatItLost) {
  FakeUpstream& server = add_upstream(2);
  start();
  turn("a");
  turn("b");
  server.up = false;
  upstreams_.changed(0);
  server.control.state[0].held_tokens = 0;
  server.up = true;
  upstreams_.changed(0);
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(ask("b").exchange.route.warm);
  EXPECT_FALSE(ask("a").exchange.route.warm);
}

TEST_F(SlotsPluginTest, WaitersAreServedWhenAnUpstreamComesUp) {
  add_upstream(1);
  FakeUpstream& second = add_upstream(1);
  second.up = false;
  start();
  ask("a");
  Client& waiting = ask("b");
  EXPECT_FALSE(waiting.leased());
  second.up = true;
  upstreams_.changed(1);
  until([&waiting] { return waiting.leased(); });
  EXPECT_EQ(waiting.exchange.route.upstream, 1U);
  EXPECT_EQ(header(waiting, "X-Keep-Upstream"), "host1:8080");
}

TEST_F(SlotsPluginTest, NamedSlotIsChecked) {
  add_upstream(4);
  start();
  Client& c = client("a");
  c.body(R"({"messages":[{"role":"user","content":"x"}],"id_slot":99})");
  route(c);
  EXPECT_EQ(c.fault(), Fault::kBadRequest);
  EXPECT_NE(c.result->error().detail.find("0 to 3"), std::string::npos);
  Client& any = client("a");
  any.body(R"({"messages":[{"role":"user","content":"x"}],"id_slot":-1})");
  EXPECT_TRUE(route(any).leased());
}

TEST_F(SlotsPluginTest, NamedSlotIsWaitedForWithoutHoldingUpOthers) {
  add_upstream(2);
  start();
  Client& first = ask("a");
  ASSERT_EQ(first.slot(), 0);
  Client& exact = client("b");
  exact.body(R"({"messages":[{"role":"user","content":"x"}],"id_slot":0})");
  route(exact);
  EXPECT_FALSE(exact.leased());
  EXPECT_TRUE(ask("c").leased()) << "slot 1 is nobody's";
  Client& behind = ask("d");
  answer(first);
  EXPECT_TRUE(exact.leased()) << "it came before";
  EXPECT_EQ(exact.slot(), 0);
  EXPECT_FALSE(behind.leased());
}

TEST_F(SlotsPluginTest, MaxActiveLimitsTheWhole) {
  add_upstream(4);
  SlotsSettings settings;
  settings.max_active = 2;
  start(settings);
  Client& first = ask("a");
  ask("b");
  Client& third = ask("c");
  EXPECT_FALSE(third.leased());
  answer(first);
  EXPECT_TRUE(third.leased());
}

TEST_F(SlotsPluginTest, AuxiliaryCallsDisplaceOneConversationOnly) {
  add_upstream(4);
  start();
  for (const char* name : {"a", "b", "c", "d"}) turn(name);
  for (int i = 0; i < 5; ++i) {
    Client& title = client("b");
    title.exchange.identity.auxiliary = true;
    answer(route(title));
    EXPECT_EQ(title.slot(), 0);
  }
  for (const char* name : {"b", "c", "d"}) {
    Client& c = ask(name);
    EXPECT_TRUE(c.exchange.route.warm) << name;
    answer(c);
  }
}

TEST_F(SlotsPluginTest, ResubmissionKeepsTheLeaseAndWaitsForTheSlot) {
  add_upstream(1);
  start();
  Client& c = ask("a");
  sent(c);
  processing(c) = true;
  c.exchange.attempt = 2;
  c.result.reset();
  route(c);
  EXPECT_FALSE(c.result) << "the first attempt is not over yet";
  processing(c) = false;
  until([&c] { return c.result.has_value(); });
  EXPECT_TRUE(*c.result);
  EXPECT_EQ(c.slot(), 0);
}

// The first server has failed it, or its prompt was too long there.
TEST_F(SlotsPluginTest, ASecondLeaseOfOneExchangeIsNoComingBack) {
  add_upstream(2);
  start();
  Client& twice = ask("twice");
  ASSERT_TRUE(twice.leased());
  sent(twice);
  twice.exchange.route.lease.reset();
  twice.result.reset();
  route(twice);
  until([&twice] { return twice.leased(); });
  answer(twice);
  until([this] { return spawner_.running() == 0; });
  clock_.turn(std::chrono::seconds(1));
  turn("once");
  clock_.turn(std::chrono::seconds(1));
  turn("new");
  EXPECT_TRUE(ask("once").exchange.route.warm) << "the other one came as seldom, and before";
}

}  // namespace
}  // namespace keep::slots::test
