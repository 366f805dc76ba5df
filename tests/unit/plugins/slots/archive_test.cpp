// What slots hold is kept before it goes and brought back for whom it is, and no grant fails for
// it.
#include "tests/unit/plugins/slots/fake_archive.hpp"
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace keep::slots::test {
namespace {

using Calls = std::vector<std::string>;
using std::chrono::milliseconds;

class ArchiveTest : public SlotsFixture {
 protected:
  ArchiveTest() { archive_ = &keeper_; }
  ~ArchiveTest() override { shut_down(); }

  // Conversations that have nothing in common.
  Client& ask(const std::string& conversation, const std::string& tenant = "t") {
    Client& c = client(conversation, tenant);
    c.body(R"({"messages":[{"role":"user","content":"hello from )" + conversation + R"("}]})");
    return route(c);
  }
  Client& served(const std::string& conversation, const std::string& tenant = "t") {
    Client& c = ask(conversation, tenant);
    until([&c] { return c.leased(); });
    return c;
  }
  // A conversation that holds so many tokens afterwards.
  void hold(const std::string& conversation, std::int64_t tokens = 120) {
    answer(served(conversation), tokens - 20, 20);
  }
  // Calls to the archive end by themselves, or with their slot.
  void start_patient() {
    SlotsSettings settings;
    settings.archive_limit = std::chrono::hours(1);
    start(settings);
  }
  void quiet() {
    until([this] { return spawner_.running() == 0; });
  }

  FakeArchive keeper_{loop_, upstreams_};
};

TEST_F(ArchiveTest, WhatASlotHoldsIsKeptBeforeAnotherGetsIt) {
  add_upstream(1);
  start();
  hold("a");
  keeper_.hold = true;
  Client& b = ask("b");
  EXPECT_FALSE(b.leased());
  EXPECT_EQ(keeper_.calls, Calls{"keep a@0"});
  EXPECT_NE(metrics().find("slots{state=\"settling\"} 1"), std::string::npos) << "vacating";
  keeper_.hold = false;
  until([&b] { return b.leased(); });
  EXPECT_FALSE(b.exchange.route.warm);
  EXPECT_EQ(keeper_.stored["a"], 120);
}

TEST_F(ArchiveTest, NothingIsAskedWhereNothingIsLost) {
  add_upstream(2);
  start();
  hold("a");
  EXPECT_TRUE(ask("a").exchange.route.warm) << "its own";
  Client& call = client("c");
  call.exchange.identity.auxiliary = true;
  answer(route(call));
  EXPECT_TRUE(ask("b").leased()) << "an auxiliary call leaves nothing worth a wait";
  EXPECT_TRUE(keeper_.calls.empty());
}

TEST_F(ArchiveTest, WhatTheArchiveDoesNotWantGoesAtOnce) {
  add_upstream(1);
  start();
  hold("a");
  keeper_.wants_all = false;
  EXPECT_TRUE(ask("b").leased());
  EXPECT_TRUE(keeper_.calls.empty());
}

TEST_F(ArchiveTest, AGrantGoesOnWhenKeepingFails) {
  add_upstream(1);
  start();
  hold("a");
  keeper_.error = Error(Fault::kStorage, Side::kInternal, "the disk is full");
  hold("b");
  keeper_.error.reset();
  keeper_.throws = true;
  hold("c");
  EXPECT_EQ(keeper_.calls, (Calls{"keep a@0", "keep b@0"}));
  EXPECT_TRUE(keeper_.stored.empty());
}

TEST_F(ArchiveTest, AGrantGoesOnWhenTheArchiveTakesTooLong) {
  add_upstream(1);
  SlotsSettings settings;
  settings.archive_limit = milliseconds(20);
  start(settings);
  hold("a");
  keeper_.stored["b"] = 70;
  keeper_.hold = true;
  const Client& b = served("b");
  EXPECT_FALSE(b.exchange.route.warm);
  EXPECT_EQ(keeper_.calls, (Calls{"keep a@0", "bring back b@0"}));
  EXPECT_EQ(keeper_.cut_short, 2);
}

TEST_F(ArchiveTest, WhatWasKeptComesBackAfterAColdGrant) {
  add_upstream(1);
  start();
  hold("a");
  hold("b");
  const Client& a = served("a");
  EXPECT_TRUE(a.exchange.route.warm);
  EXPECT_EQ(keeper_.calls, (Calls{"keep a@0", "keep b@0", "bring back a@0"}));
}

// A slot that holds most of a prompt already is better than what the archive has of it.
TEST_F(ArchiveTest, NothingComesBackWhereTheSlotHoldsAsMuch) {
  add_upstream(1);
  start();
  const std::string system(600, 's');
  const auto say = [this, &system](const std::string& conversation) -> Client& {
    Client& c = client(conversation);
    c.body(R"({"messages":[{"role":"system","content":")" + system +
           R"("},{"role":"user","content":")" + conversation + R"("}]})");
    return route(c);
  };
  answer(say("a"));
  keeper_.stored["b"] = 60;
  Client& b = say("b");
  until([&b] { return b.leased(); });
  answer(b);
  EXPECT_EQ(keeper_.calls, Calls{"keep a@0"});
  keeper_.stored["c"] = 150;
  Client& c = say("c");
  until([&c] { return c.leased(); });
  EXPECT_EQ(keeper_.calls, (Calls{"keep a@0", "keep b@0", "bring back c@0"}));
}

TEST_F(ArchiveTest, AGrantGoesOnColdWhenNothingComesBack) {
  add_upstream(1);
  start();
  keeper_.stored["a"] = keeper_.stored["b"] = 70;
  keeper_.finds = false;
  Client& a = served("a");
  EXPECT_FALSE(a.exchange.route.warm);
  answer(a);
  keeper_.error = Error(Fault::kStorage, Side::kUpstream, "no such file");
  Client& b = served("b");
  EXPECT_FALSE(b.exchange.route.warm);
  finish(b);
  EXPECT_FALSE(served("a").exchange.route.warm) << "nobody knows what the slot holds now";
}

// The cells have to be free before: llama-server restores nothing into a cache that is full.
TEST_F(ArchiveTest, WhatIsGivenUpIsKeptThenParkedBeforeAnythingComesBack) {
  FakeUpstream& server = add_upstream(4);
  start_with_pool(2000);
  hold("a", 700);
  hold("b", 700);
  hold("c", 300);
  keeper_.stored["d"] = 70;
  keeper_.hold = true;
  Client& d = client("d");
  d.body(R"({"messages":[{"role":"user","content":")" + std::string(2000, 'x') + R"("}]})");
  route(d);
  EXPECT_FALSE(d.leased());
  EXPECT_TRUE(server.control.parked.empty());
  keeper_.hold = false;
  until([&d] { return d.leased(); });
  EXPECT_TRUE(d.exchange.route.warm);
  EXPECT_EQ(keeper_.calls.back(), "bring back d@" + std::to_string(d.slot()));
  EXPECT_EQ(keeper_.calls.size(), 3U) << "two have made way";
  EXPECT_EQ(server.control.parked, std::vector<int>{1}) << "the other in its own slot";
  EXPECT_NEAR(static_cast<double>(keeper_.stored["a"]), 700, 1);
  EXPECT_NEAR(static_cast<double>(keeper_.stored["b"]), 700, 1);
}

TEST_F(ArchiveTest, TheSlotThatCostsLeastIsTaken) {
  add_upstream(2);
  start();
  hold("a");
  hold("b");
  keeper_.costs["a"] = 120;
  keeper_.costs["b"] = 5;
  EXPECT_EQ(served("c").slot(), 1) << "a was used before b";
}

TEST_F(ArchiveTest, WhoLeavesWhileASlotIsVacatedLeavesItAsItWas) {
  add_upstream(1);
  start();
  hold("a");
  keeper_.hold = true;
  Client& b = ask("b");
  leave(b);
  EXPECT_EQ(b.fault(), Fault::kCancelled);
  EXPECT_FALSE(ask("c").leased()) << "the archive is still at work in it";
  leave(*clients_.back());
  keeper_.hold = false;
  quiet();
  EXPECT_TRUE(ask("a").exchange.route.warm);
}

TEST_F(ArchiveTest, WhoLeavesWhileItsOwnComesBackFindsItWarm) {
  add_upstream(1);
  start();
  keeper_.stored["a"] = 70;
  keeper_.hold = true;
  Client& a = ask("a");
  leave(a);
  EXPECT_EQ(a.fault(), Fault::kCancelled);
  Client& b = ask("b");
  EXPECT_FALSE(b.leased()) << "the archive is still at work in it";
  leave(b);
  keeper_.hold = false;
  quiet();
  EXPECT_TRUE(ask("a").exchange.route.warm);
  EXPECT_EQ(keeper_.calls, Calls{"bring back a@0"});
}

TEST_F(ArchiveTest, ASlotThatIsLostMeanwhileEndsTheCall) {
  FakeUpstream& server = add_upstream(1);
  start_patient();
  hold("a");
  keeper_.hold = true;
  Client& b = ask("b");
  server.server.build = "another";
  server.control.restart(1);
  upstreams_.changed(0);
  until([&] { return b.leased() && keeper_.cut_short == 1; });
  EXPECT_EQ(keeper_.calls, Calls{"keep a@0"});
  keeper_.hold = false;
  answer(b);
  EXPECT_FALSE(served("a").exchange.route.warm);
}

TEST_F(ArchiveTest, ASlotThatIsLostWhileItsContentComesBackIsGrantedAnew) {
  FakeUpstream& server = add_upstream(1);
  start_patient();
  keeper_.stored["a"] = 70;
  keeper_.hold = true;
  Client& a = ask("a");
  server.server.build = "another";
  upstreams_.changed(0);
  until([this] { return keeper_.calls.size() == 2 && keeper_.cut_short == 1; });
  keeper_.hold = false;
  until([&a] { return a.leased(); });
  EXPECT_TRUE(a.exchange.route.warm);
}

TEST_F(ArchiveTest, AConversationThatEndsWhileItIsKeptIsErasedAfterwards) {
  FakeUpstream& server = add_upstream(1);
  start();
  hold("a");
  keeper_.hold = true;
  leave(ask("b"));
  plugin_->forget({"t", "a"});
  keeper_.hold = false;
  quiet();
  EXPECT_EQ(server.control.erased, std::vector<int>{0});
  keeper_.stored.clear();
  EXPECT_FALSE(served("a").exchange.route.warm);
}

TEST_F(ArchiveTest, WhatCameBackForOneWhoLeftIsErasedWithItsConversation) {
  FakeUpstream& server = add_upstream(1);
  start();
  keeper_.stored["a"] = 70;
  keeper_.hold = true;
  leave(ask("a"));
  keeper_.hold = false;
  quiet();
  plugin_->forget({"t", "a"});
  quiet();
  EXPECT_EQ(server.control.erased, std::vector<int>{0});
  keeper_.stored.clear();
  EXPECT_FALSE(served("a").exchange.route.warm);
}

// Its prompt may not have been read: then the slot holds what another had there.
TEST_F(ArchiveTest, WhatOneWhoBrokeOffMayNotHaveOverwrittenIsNotKeptAsItsOwn) {
  FakeUpstream& server = add_upstream(1);
  start();
  hold("a");
  Client& b = served("b");
  b.exchange.timeline.sent = clock_.now();  // and no head came
  processing(b) = true;
  finish(b);
  Client& c = ask("c");
  until([&server] { return server.control.lists > 4; });
  server.control.state[0].processing = false;
  until([&c] { return c.leased(); });
  EXPECT_EQ(keeper_.calls, Calls{"keep a@0"});
}

// What a tenant gets back is its own, whoever had the slot before.
TEST_F(ArchiveTest, WhatComesBackMayBeReusedInAnothersSlot) {
  add_upstream(1);
  tenancy_.isolated = true;
  start();
  answer(served("a", "one"));
  Client& b = served("b", "two");
  EXPECT_NE(edited(b).find("\"cache_prompt\":false"), std::string::npos);
  answer(b);
  quiet();
  Client& a = served("a", "one");
  EXPECT_TRUE(a.exchange.route.warm);
  EXPECT_EQ(edited(a).find("\"cache_prompt\":false"), std::string::npos);
}

}  // namespace
}  // namespace keep::slots::test
