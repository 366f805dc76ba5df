// In front of a llama-server with a RAM cache: what must be so for it to be used, and the server
// that empties every idle slot into it.
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

namespace keep::slots::test {
namespace {

class RamCacheTest : public SlotsFixture {
 protected:
  // A llama-server that empties idle slots whenever a request begins.
  void clear_others(FakeUpstream& server, const Client& c) {
    for (SlotState& slot : server.control.state) {
      if (slot.id != c.slot()) slot.held_tokens = 0;
    }
  }
  void turn_of_clearing_server(FakeUpstream& server, const std::string& conversation) {
    Client& c = ask(conversation);
    until([&c] { return c.leased(); });
    clear_others(server, c);
    answer(c, 400, 20);
    until([this] { return spawner_.running() == 0; });
  }
  bool pinned(Client& c) { return edited(c).find("id_slot") != std::string::npos; }
};

TEST_F(RamCacheTest, EmptySlotIsPrimedForWhoWasSeenBefore) {
  FakeUpstream& server = add_upstream(2);
  start();
  turn("a");
  EXPECT_TRUE(server.control.parked.empty()) << "nothing can be known of a new one";
  turn("b");
  turn("c");  // in a's place
  server.control.state[1].held_tokens = 0;
  Client& b = ask("b");
  answer(b, 100, 20, 0);  // lost its slot
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(server.control.parked.empty());
  server.server.build = "restarted";
  server.control.restart(2);
  upstreams_.changed(0);
  until([this] { return spawner_.running() == 0; });
  Client& a = ask("a");
  until([&a] { return a.leased(); });
  EXPECT_EQ(server.control.parked, std::vector<int>{a.slot()});
}

TEST_F(RamCacheTest, PrimingInVainHoldsNobodyUp) {
  FakeUpstream& server = add_upstream(1);
  server.control.park_error = Error(Fault::kTimeout, Side::kUpstream, "no");
  start();
  Client& c = client("imported");
  c.exchange.identity.turn = 7;
  route(c);
  until([&c] { return c.leased(); });
}

TEST_F(RamCacheTest, ServerThatEmptiesIdleSlotsChoosesThem) {
  FakeUpstream& server = add_upstream(4);
  server.server.n_ctx = 8192;
  start();
  turn_of_clearing_server(server, "a");
  turn_of_clearing_server(server, "b");
  Client& a = ask("a");
  EXPECT_FALSE(pinned(a)) << "seen as soon as there was something to see";
  EXPECT_EQ(header(a, "X-Keep-Slot"), "-");
  clear_others(server, a);
  answer(a, 400, 20);
  std::vector<Client*> all;
  for (const char* name : {"a", "b", "c", "d"}) all.push_back(&ask(name));
  for (Client* c : all) EXPECT_TRUE(c->leased());
  EXPECT_FALSE(ask("e").leased()) << "still one request for each slot";
}

// The next request has begun by the time the server says what its slots hold: all are empty but the
// one at work.
TEST_F(RamCacheTest, FoundOutAlsoWhileItIsNeverIdle) {
  FakeUpstream& server = add_upstream(4);
  server.server.n_ctx = 8192;
  start();
  turn("a");
  for (const char* name : {"b", "c", "d"}) {
    Client& c = ask(name);
    sent(c);
    c.exchange.answer.complete = true;
    c.exchange.answer.timings.emplace().prompt_n = 400;
    for (SlotState& slot : server.control.state) slot.held_tokens = 0;
    server.control.state[3].processing = true;
    finish(c);
    until([this] { return spawner_.running() == 0; });
    turn(std::string("after ") + name);  // something is held again
  }
  EXPECT_FALSE(pinned(ask("e")));
}

TEST_F(RamCacheTest, AShortPoolIsNoSuchHabit) {
  FakeUpstream& server = add_upstream(4);
  server.server.n_ctx = 700;  // a unified pool takes at least that
  start();
  turn_of_clearing_server(server, "a");
  turn_of_clearing_server(server, "b");
  Client& a = ask("a");
  until([&a] { return a.leased(); });  // b makes room first
  EXPECT_TRUE(pinned(a));
}

// llama-server gives the second answer another slot, and may leave it empty.
TEST_F(RamCacheTest, ASlotTakenByASecondAnswerIsNoSuchHabit) {
  FakeUpstream& server = add_upstream(4);
  server.server.n_ctx = 8192;
  start();
  for (const char* name : {"a", "b", "c"}) turn(name);
  until([this] { return spawner_.running() == 0; });
  Client& two = client("d");
  two.body(R"({"messages":[{"role":"user","content":"hello"}],"n":2})");
  route(two);
  until([&two] { return two.leased(); });
  server.control.state[two.slot() == 0 ? 1 : 0].held_tokens = 0;
  answer(two);
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(pinned(ask("e")));
}

TEST_F(RamCacheTest, ServerThatKeepsIdleSlotsIsAskedOnce) {
  FakeUpstream& server = add_upstream(4);
  server.server.n_ctx = 8192;
  start();
  const int lists = server.control.lists;
  for (const char* name : {"a", "b", "c", "d"}) turn(name);
  until([this] { return spawner_.running() == 0; });
  EXPECT_EQ(server.control.lists, lists + 1);
  EXPECT_TRUE(pinned(ask("a")));
}

TEST_F(RamCacheTest, ServerThatComesBackIsLookedAtAnew) {
  FakeUpstream& server = add_upstream(4);
  server.server.n_ctx = 8192;
  start();
  turn_of_clearing_server(server, "a");
  turn_of_clearing_server(server, "b");
  EXPECT_FALSE(pinned(ask("c")));
  server.up = false;
  upstreams_.changed(0);
  server.up = true;
  upstreams_.changed(0);
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(pinned(ask("d")));
}

// Main threads of several turns on three of four slots; calls that come once use the fourth.
TEST_F(RamCacheTest, CallsThatComeOnceDoNotDisplaceThreadsThatComeBack) {
  add_upstream(4);
  start();
  for (int i = 0; i < 3; ++i) {
    for (const char* name : {"main 1", "main 2", "main 3"}) turn(name);
  }
  for (int i = 0; i < 6; ++i) turn("once " + std::to_string(i));
  for (const char* name : {"main 1", "main 2", "main 3"}) {
    EXPECT_TRUE(ask(name).exchange.route.warm) << name;
  }
}

TEST_F(RamCacheTest, SubAgentsDoNotEither) {
  add_upstream(4);
  start();
  for (int i = 0; i < 3; ++i) {
    for (const char* name : {"main 1", "main 2", "main 3"}) turn(name);
  }
  for (int i = 0; i < 12; ++i) {
    Client& sub = client("main 1");
    sub.exchange.identity.agent = "sub " + std::to_string(i % 4);  // several requests of each
    answer(route(sub));
  }
  for (const char* name : {"main 1", "main 2", "main 3"}) {
    EXPECT_TRUE(ask(name).exchange.route.warm) << name;
  }
}

}  // namespace
}  // namespace keep::slots::test
