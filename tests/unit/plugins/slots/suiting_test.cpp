// Requests that not every server can answer: which slot they get, and what becomes of them when the
// servers change while they wait.
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

namespace keep::slots::test {
namespace {

class SuitingTest : public SlotsFixture {
 protected:
  FakeUpstream& add(const std::string& model, int slots = 1, std::int64_t window = 8192) {
    FakeUpstream& server = add_upstream(slots);
    server.server.model_alias = model;
    server.server.n_ctx = window;
    return server;
  }
  Client& ask_for(const std::string& model, std::int64_t window = 0,
                  std::vector<std::size_t> tried = {}) {
    Client& c = client("c" + std::to_string(++clients_made_));
    c.exchange.route.demand = ServerDemand{model, window, std::move(tried)};
    return route(c);
  }
  void change(std::size_t upstream) {
    upstreams_.changed(upstream);
    settle();
  }

 private:
  int clients_made_ = 0;
};

TEST_F(SuitingTest, OnlyAServerThatSuitsIsTaken) {
  add("small", 4, 512);
  add("large", 1);
  start();
  EXPECT_EQ(ask_for("large").exchange.route.upstream, 1U) << "the other one has more room";
  EXPECT_EQ(ask_for("small").exchange.route.upstream, 0U);
  EXPECT_FALSE(ask_for("", 4096).leased()) << "its slot is taken";
  EXPECT_FALSE(ask_for("", 0, {0}).leased()) << "not there a second time";
  EXPECT_EQ(ask_for("").exchange.route.upstream, 0U);
}

TEST_F(SuitingTest, WhoWaitsForOneServerHoldsUpNobody) {
  add("small");
  add("large");
  start();
  Client& first = ask_for("large");
  Client& waiting = ask_for("large");
  EXPECT_TRUE(first.leased());
  EXPECT_FALSE(waiting.leased());
  Client& small = ask_for("small");
  EXPECT_TRUE(small.leased());
  answer(small);
  EXPECT_FALSE(waiting.leased()) << "not its model";
  answer(first);
  EXPECT_TRUE(waiting.leased());
  EXPECT_EQ(waiting.exchange.route.upstream, 1U);
}

TEST_F(SuitingTest, WhoWaitsIsServedByAServerThatIsShunnedNoMore) {
  FakeUpstream& first = add("");
  add("");
  first.shunned = true;
  start();
  EXPECT_EQ(ask_for("").exchange.route.upstream, 1U);
  Client& waiting = ask_for("");
  EXPECT_FALSE(waiting.leased());
  first.shunned = false;
  change(0);
  EXPECT_TRUE(waiting.leased());
  EXPECT_EQ(waiting.exchange.route.upstream, 0U);
}

TEST_F(SuitingTest, AWaitThatNobodyUpCanEndIsEnded) {
  add("small");
  FakeUpstream& large = add("large");
  start();
  ask_for("large");
  ask_for("small");
  Client& any = ask_for("");
  Client& waiting = ask_for("large");
  large.up = false;
  change(1);
  EXPECT_EQ(waiting.fault(), Fault::kRefused);
  EXPECT_FALSE(any.result) << "there is a server for it";
}

TEST_F(SuitingTest, ATooSmallWindowEndsAWaitToo) {
  FakeUpstream& server = add("", 1, 8192);
  start();
  ask_for("", 8192);
  Client& waiting = ask_for("", 8192);
  server.server.n_ctx = 4096;  // restarted
  change(0);
  EXPECT_EQ(waiting.fault(), Fault::kRefused);
}

TEST_F(SuitingTest, AServerThatLoadsIsWaitedFor) {
  add("small");
  FakeUpstream& large = add("large");
  start();
  ask_for("large");
  Client& waiting = ask_for("large");
  large.up = false;
  large.is_loading = true;
  change(1);
  EXPECT_FALSE(waiting.result);
  large.up = true;
  large.is_loading = false;
  change(1);
  EXPECT_FALSE(waiting.refused());
}

TEST_F(SuitingTest, WhereAllAreAwayARestartIsWaitedFor) {
  FakeUpstream& server = add("");
  start();
  Client& first = ask_for("");
  Client& waiting = ask_for("");
  server.up = false;
  change(0);
  EXPECT_FALSE(waiting.result);
  server.up = true;
  change(0);
  answer(first);
  until([&waiting] { return waiting.leased(); });
}

}  // namespace
}  // namespace keep::slots::test
