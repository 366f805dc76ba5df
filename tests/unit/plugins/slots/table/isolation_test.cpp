// Tenants that are kept apart: what another's request left behind is not used, or not told.
#include "plugins/slots/table/isolation.hpp"

#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

namespace keep::slots::test {
namespace {

class IsolationTest : public SlotsFixture {
 protected:
  IsolationTest() { tenancy_.isolated = true; }
  FakeUpstream& add_server(int slots, bool ram_cache) {
    FakeUpstream& server = add_upstream(slots);
    server.ram_cache = ram_cache;
    return server;
  }
  Client& served(const std::string& conversation, const std::string& tenant) {
    Client& c = ask(conversation, tenant);
    until([&c] { return c.leased(); });
    return c;
  }
  void end(Client& c) {
    answer(c);
    until([this] { return spawner_.running() == 0; });
  }
  void turn(const std::string& conversation, const std::string& tenant) {
    end(served(conversation, tenant));
  }
  bool reads_all(Client& c) {
    return edited(c).find(R"("cache_prompt":false)") != std::string::npos;
  }
  bool tells(Client& c) {
    edited(c);
    return !c.exchange.route.cache_untold;
  }
};

TEST_F(IsolationTest, AForeignSlotIsReadAnew) {
  add_server(1, false);
  start();
  turn("mine", "a");
  Client& foreign = served("theirs", "b");
  EXPECT_TRUE(reads_all(foreign));
  EXPECT_TRUE(tells(foreign)) << "there is nothing to hide";
  answer(foreign);
  EXPECT_TRUE(reads_all(served("mine", "a"))) << "it is the other's now";
}

TEST_F(IsolationTest, WhatATenantLeftIsFoundByItself) {
  add_server(1, false);
  start();
  turn("one", "a");
  Client& same = served("one", "a");
  EXPECT_FALSE(reads_all(same));
  end(same);
  Client& other = served("another", "a");
  EXPECT_FALSE(reads_all(other)) << "of one tenant they may share";
  EXPECT_TRUE(tells(other));
}

TEST_F(IsolationTest, AnAskThatWasNeverSentLeavesTheSlotToItsOwner) {
  add_server(1, false);
  start();
  turn("one", "a");
  finish(served("two", "b"));
  EXPECT_FALSE(reads_all(served("one", "a")));
}

TEST_F(IsolationTest, ANewServersSlotsAreNobodys) {
  FakeUpstream& server = add_server(2, false);
  server.control.state[0].held_tokens = 500;
  start();
  EXPECT_TRUE(reads_all(served("one", "a")));
}

// Refused, cut off or left before anything was read: what the slot holds is still the other's.
TEST_F(IsolationTest, WhoseRequestCameToNothingOwnsNothing) {
  add_server(1, false);
  start();
  turn("mine", "a");
  Client& refused = served("theirs", "b");
  sent(refused);
  finish(refused);
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(reads_all(served("again", "b")));
}

TEST_F(IsolationTest, WhoWasReadOwnsWhatIsThere) {
  add_server(1, false);
  start();
  turn("mine", "a");
  Client& cut = served("theirs", "b");
  sent(cut);
  cut.exchange.timeline.first_output = clock_.now();
  finish(cut);
  until([this] { return spawner_.running() == 0; });
  EXPECT_FALSE(reads_all(served("theirs", "b")));
}

TEST_F(IsolationTest, SeveralAnswersMayFillAnySlot) {
  add_server(2, false);
  start();
  turn("one", "a");
  Client& many = client("two", "b");
  many.body(R"({"messages":[{"role":"user","content":"hello"}],"n":2})");
  route(many);
  until([&many] { return many.leased(); });
  answer(many);
  until([this] { return spawner_.running() == 0; });
  EXPECT_TRUE(reads_all(served("one", "a")));
}

TEST_F(IsolationTest, BehindARamCacheNothingIsToldOfWhatWasLookedFor) {
  add_server(1, true);
  start();
  Client& first = served("one", "a");
  EXPECT_TRUE(reads_all(first));
  EXPECT_TRUE(tells(first)) << "that there was nothing";
  end(first);
  for (const char* name : {"one", "another"}) {
    Client& next = served(name, "a");
    EXPECT_FALSE(reads_all(next)) << name;
    EXPECT_FALSE(tells(next)) << name;
    end(next);
  }
}

// What a template makes of them is not: it may have dropped what was thought, or moved the tools to
// the newest turn, so that llama-server looks into its RAM cache after all.
TEST_F(IsolationTest, AlsoWhereTheMessagesAreTheOnesOfTheSlot) {
  add_server(1, true);
  start();
  const std::string before = R"({"role":"user","content":"hello"},{"role":"assistant","content":")";
  const std::string bodies[] = {
      before + R"(<think>one</think>ok"})", before + R"(<think>two</think>ok"})",
      before + R"(<think>two</think>ok"},{"role":"user","content":"go on"})",
      before + R"(ok","reasoning_content":"three"},{"role":"user","content":"go on"})"};
  turn("one", "a");
  for (const std::string& messages : bodies) {
    Client& c = client("one", "a");
    c.body(R"({"messages":[)" + messages + "]}");
    route(c);
    until([&c] { return c.leased(); });
    EXPECT_FALSE(tells(c)) << messages;
    end(c);
  }
}

TEST_F(IsolationTest, WhoComesBackIsLookedForInTheRamCache) {
  add_server(1, true);
  start();
  turn("one", "a");
  turn("one", "a");
  turn("two", "b");
  Client& back = served("one", "a");
  EXPECT_FALSE(reads_all(back));
  EXPECT_FALSE(tells(back));
}

TEST_F(IsolationTest, NobodyNamesASlot) {
  add_server(2, false);
  start();
  turn("one", "a");
  Client& c = client("two", "b");
  c.body(R"({"messages":[{"role":"user","content":"hello"}],"id_slot":0})");
  route(c);
  EXPECT_EQ(c.slot(), 1);
  EXPECT_NE(edited(c).find(R"("id_slot":1)"), std::string::npos);
  Client& odd = client("three", "b");
  odd.body(R"({"messages":[{"role":"user","content":"hello"}],"id_slot":99})");
  route(odd);
  EXPECT_TRUE(odd.leased()) << "as if it had named none";
}

TEST_F(IsolationTest, WithoutASlotNothingIsTold) {
  add_upstream(0);
  start();
  Client& c = client("one", "a");
  c.body(R"({"messages":[{"role":"user","content":"hello"}],"id_slot":0})");
  route(c);
  EXPECT_FALSE(tells(c));
  EXPECT_EQ(edited(c).find("id_slot"), std::string::npos);
}

TEST_F(IsolationTest, TheSecondAttemptGoesOnFromTheFirst) {
  add_server(1, false);
  start();
  Client& c = served("one", "a");
  EXPECT_TRUE(reads_all(c));
  c.exchange.timeline.first_event = clock_.now();
  EXPECT_FALSE(reads_all(c));
}

TEST_F(IsolationTest, OneTenantIsServedAsEver) {
  tenancy_.isolated = false;
  FakeUpstream& server = add_server(1, true);
  start();
  EXPECT_TRUE(server.prompts.empty()) << "nothing is asked that is not needed";
  turn("one", "a");
  Client& c = served("two", "b");
  EXPECT_FALSE(reads_all(c));
  EXPECT_TRUE(tells(c));
}

TEST_F(IsolationTest, WhereTheServerChoosesNoSlotIsOnesOwn) {
  FakeUpstream& server = add_server(4, true);
  server.server.n_ctx = 8192;
  start();
  for (const char* name : {"one", "two"}) {
    Client& c = served(name, "a");
    for (SlotState& slot : server.control.state) {
      if (slot.id != c.slot()) slot.held_tokens = 0;  // emptied as the request begins
    }
    answer(c, 400, 20);
    until([this] { return spawner_.running() == 0; });
  }
  Client& next = served("two", "a");
  EXPECT_EQ(edited(next).find("id_slot"), std::string::npos);
  EXPECT_FALSE(tells(next));
}

}  // namespace
}  // namespace keep::slots::test
