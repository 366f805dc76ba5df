// Clients that come, leave, are answered and are cut off in any order, before a server that fails
// now and then: no slot is leased twice, and none is lost.
#include "tests/unit/plugins/slots/fake_archive.hpp"
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

namespace keep::slots::test {
namespace {

class SlotsRandomTest : public SlotsFixture, public testing::WithParamInterface<unsigned> {
 protected:
  ~SlotsRandomTest() override { shut_down(); }

  std::mt19937 random_{GetParam()};
  FakeArchive keeper_{loop_, upstreams_};
  std::vector<Client*> open_;

  Client& pick() { return *open_[random_() % open_.size()]; }

  void begin() {
    Client& c = client("c" + std::to_string(random_() % 7), random_() % 2 == 0 ? "a" : "b");
    c.exchange.identity.auxiliary = random_() % 8 == 0;
    const std::string id = random_() % 6 == 0 ? R"(,"id_slot":1)" : "";
    c.body(R"({"messages":[{"role":"user","content":")" + std::string(random_() % 900, 'x') +
           R"("}])" + id + "}");
    asio::co_spawn(loop_, routing(*plugin_, c),
                   asio::bind_cancellation_slot(c.leave.slot(), [](std::exception_ptr) {}));
    open_.push_back(&c);
  }
  // The core: on_finish always comes, then the exchange goes.
  void end(Client& c, bool clean) {
    if (!c.result) {  // still waiting
      asio::post(loop_, [&c] { c.leave.emit(asio::cancellation_type::terminal); });
      until([&c] { return c.result.has_value(); });
    }
    if (c.leased() && clean) answer(c, static_cast<std::int64_t>(random_() % 600), 10);
    if (c.leased() && !clean) {
      if (random_() % 2 == 0) sent(c);
      finish(c);
    }
    if (!c.leased()) finish(c);
    open_.erase(std::find(open_.begin(), open_.end(), &c));
    c.exchange.route.lease.reset();
  }
  void disturb(FakeUpstream& server) {
    const Error gone(Fault::kRefused, Side::kUpstream, "down");
    server.control.list_error.reset();
    server.control.erase_error.reset();
    server.control.park_error.reset();
    keeper_.error.reset();
    switch (random_() % 5) {
      case 0: server.control.erase_error = server.control.park_error = gone; break;
      case 1: server.control.list_error = gone; break;
      case 2:
        server.up = !server.up;
        upstreams_.changed(0);
        break;
      case 4: keeper_.error = gone; break;
      case 3:
        server.server.build = std::to_string(random_());
        upstreams_.changed(0);
        break;
    }
  }
  void check() {
    std::set<std::pair<std::size_t, int>> used;
    for (Client* c : open_) {
      if (!c->leased() || stale_.count(c) > 0) continue;
      EXPECT_TRUE(used.emplace(c->exchange.route.upstream, c->slot()).second) << "leased twice";
    }
  }
  // Leases of a server that is no more.
  void void_leases() {
    for (Client* c : open_) {
      if (c->leased() && c->exchange.route.upstream == 0) stale_.insert(c);
    }
  }
  std::set<Client*> stale_;
};

TEST_P(SlotsRandomTest, NoSlotIsLeasedTwiceOrLost) {
  FakeUpstream& first = add_upstream(3);
  add_upstream(2);
  SlotsSettings settings;
  settings.queue = 6;
  if (GetParam() % 2 == 0) archive_ = &keeper_;
  for (auto& server : upstreams_.servers) server->pool = 1500;
  start(settings);
  for (int step = 0; step < 150; ++step) {
    const auto what = random_() % 10;
    if (what < 5 || open_.empty()) {
      begin();
    } else if (what < 9) {
      end(pick(), random_() % 3 != 0);
    } else {
      const std::string build = first.server.build;
      disturb(first);
      if (first.server.build != build) void_leases();
    }
    if (random_() % 2 == 0) settle();
    check();
  }
  while (!open_.empty()) end(pick(), false);
  first.control.list_error.reset();
  first.control.erase_error.reset();
  first.control.park_error.reset();
  first.up = true;
  upstreams_.changed(0);
  clock_.turn(std::chrono::seconds(11));
  until([this] { return spawner_.running() == 0; });
  EXPECT_NE(metrics().find("slots{state=\"leased\"} 0"), std::string::npos);
  EXPECT_NE(metrics().find("slots{state=\"settling\"} 0"), std::string::npos);
  EXPECT_NE(metrics().find("queue_depth 0"), std::string::npos);
  for (int i = 0; i < 5; ++i) {
    const Client& c = ask("new" + std::to_string(i));
    until([&c] { return c.leased(); });  // idle slots may have to be emptied first
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlotsRandomTest, testing::Range(1U, 31U));

}  // namespace
}  // namespace keep::slots::test
