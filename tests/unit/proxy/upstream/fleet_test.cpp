#include "upstream/fleet.hpp"

#include "tests/support/scripted_upstream.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace keep {
namespace {

using namespace std::chrono_literals;
using test::ScriptedUpstream;

// Servers that answer probes and are asked nothing else; the time of shuns is turned by hand.
class FleetTest : public testing::Test {
 protected:
  struct Kind {
    int window = 8192;
    std::string alias;
    int health = 200;
  };
  ~FleetTest() override {
    spawner_.cancel_all();
    run_until([this] { return spawner_.running() == 0; });
  }
  void start(const std::vector<Kind>& kinds) {
    for (const Kind& kind : kinds) {
      const auto script = [](const test::Received&) { return std::vector<test::Step>(); };
      auto& server = *servers_.emplace_back(std::make_unique<ScriptedUpstream>(script));
      server.set_context(kind.window);
      server.set_health(kind.health);
      if (!kind.alias.empty()) server.set_props(R"(,"model_alias":")" + kind.alias + "\"");
      fleet_.add(server.url(), *resolve_upstream(server.url()), "");
    }
    fleet_.start(spawner_);
    run_until([&] {
      for (std::size_t i = 0; i < kinds.size(); ++i) {
        const Upstream& server = fleet_.at(i);
        if (!(kinds[i].health == 200 ? server.healthy() : server.loading())) return false;
      }
      return true;
    });
  }
  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.restart();
      loop_.run_for(5ms);
    }
    EXPECT_TRUE(condition());
  }
  bool suits(std::size_t index, const std::string& model = "") const {
    ServerDemand demand;
    demand.model = model;
    return fleet_.suits(index, demand);
  }
  // -1: nobody. What is demanded of others then is in demand_.
  int choose(std::int64_t tokens, const std::string& model = "",
             std::vector<std::size_t> tried = {}) {
    demand_ = ServerDemand();
    demand_.model = model;
    demand_.tried = std::move(tried);
    const auto chosen = fleet_.choose(demand_, tokens);
    why_ = chosen ? "" : chosen.error().detail;
    return chosen ? static_cast<int>(*chosen) : -1;
  }

  asio::io_context loop_;
  test::HandClock clock_;
  Spawner spawner_{loop_};
  std::vector<std::unique_ptr<ScriptedUpstream>> servers_;
  Fleet fleet_{loop_, clock_};
  ServerDemand demand_;
  std::string why_;
};

TEST_F(FleetTest, TheFirstThatHasRoomIsChosen) {
  start({{1024, "", 200}, {8192, "", 200}, {4096, "", 200}});
  EXPECT_EQ(choose(0), 0);
  EXPECT_EQ(demand_.window, 1024);
  EXPECT_EQ(choose(700), 0);
  EXPECT_EQ(choose(800), 1) << "an answer needs a quarter";
  EXPECT_EQ(demand_.window, 4096) << "the third has room, too";
  EXPECT_EQ(choose(5000), 1);
  EXPECT_EQ(demand_.window, 8192);
  EXPECT_EQ(choose(90000), 1) << "nobody has room: the largest";
  EXPECT_EQ(demand_.window, 8192);
  EXPECT_FALSE(fleet_.suits(0, demand_));
  EXPECT_TRUE(fleet_.suits(1, demand_));
}

TEST_F(FleetTest, AModelIsAskedWhereItIsKnown) {
  start({{8192, "small", 200}, {8192, "large", 200}});
  EXPECT_EQ(choose(0, "large"), 1);
  EXPECT_FALSE(suits(0, "large"));
  EXPECT_EQ(choose(0, "small"), 0);
  EXPECT_EQ(choose(0, "scripted.gguf"), 0) << "the name of the file";
  EXPECT_EQ(choose(0, "gpt-4o"), 0) << "nobody's name";
  EXPECT_TRUE(suits(1, "gpt-4o"));
}

TEST_F(FleetTest, WhoWasTriedIsNotAskedAgain) {
  start({{}, {}});
  EXPECT_EQ(choose(0, "", {0}), 1);
  EXPECT_EQ(choose(0, "", {0, 1}), -1);
}

TEST_F(FleetTest, WhyNobodyCanBeAskedIsTold) {
  start({{8192, "small", 200}, {8192, "large", 200}});
  EXPECT_EQ(choose(0, "large", {1}), -1);
  EXPECT_EQ(why_, "no llama-server with that model can be reached");
  EXPECT_EQ(choose(0, "gpt-4o", {0, 1}), -1);
  EXPECT_EQ(why_, "no llama-server can be reached");
  servers_[0].reset();
  servers_[1].reset();
  fleet_.failed(0);
  fleet_.failed(1);
  run_until([this] { return !fleet_.any_healthy(); });
  EXPECT_EQ(choose(0, "large"), -1);
  EXPECT_EQ(why_, "no llama-server can be reached");
}

TEST_F(FleetTest, WhoLoadsIsWaitedFor) {
  start({{8192, "", 503}});
  EXPECT_EQ(choose(0), -1);
  EXPECT_EQ(why_, "the model is still loading");
}

TEST_F(FleetTest, AShunGrowsWithEachFailure) {
  start({{}, {}});
  for (const auto shun : {1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}) {
    fleet_.failed(0);
    EXPECT_FALSE(suits(0));
    EXPECT_TRUE(suits(1));
    EXPECT_EQ(choose(0), 1);
    clock_.turn(shun - 1ms);
    EXPECT_FALSE(suits(0)) << shun.count();
    clock_.turn(1ms);
    EXPECT_TRUE(suits(0)) << shun.count();
    EXPECT_EQ(choose(0), 0);
  }
  fleet_.answered(0);
  fleet_.failed(0);
  clock_.turn(1s);
  EXPECT_TRUE(suits(0)) << "an answer makes good for all that was";
}

TEST_F(FleetTest, AnAnswerEndsAShun) {
  start({{}, {}});
  fleet_.failed(0);
  fleet_.answered(0);
  EXPECT_TRUE(suits(0));
}

TEST_F(FleetTest, WhoeverCanIsAskedWhereAllAreShunned) {
  start({{}, {}});
  fleet_.failed(0);
  fleet_.failed(1);
  EXPECT_TRUE(suits(0));
  EXPECT_TRUE(suits(1));
}

TEST_F(FleetTest, AShunCountsOnlyWhereAnotherCanDoTheWork) {
  start({{8192, "small", 200}, {8192, "large", 200}});
  fleet_.failed(0);
  EXPECT_TRUE(suits(0, "small")) << "the other one has another model";
  EXPECT_FALSE(suits(0, "any"));
}

TEST_F(FleetTest, TheEndOfAShunIsAnnounced) {
  start({{}, {}});
  std::vector<std::size_t> announced;
  fleet_.on_change([&](std::size_t index) { announced.push_back(index); });
  fleet_.failed(1);
  loop_.restart();
  loop_.run_for(300ms);
  fleet_.failed(1);  // two seconds from now
  loop_.restart();
  loop_.run_for(1500ms);
  EXPECT_TRUE(announced.empty());
  run_until([&] { return !announced.empty(); });
  EXPECT_EQ(announced, std::vector<std::size_t>{1});
}

}  // namespace
}  // namespace keep
