#include "exchange/prospect.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {
namespace {

enum class Is { kUp, kLoading, kAway };

class Server final : public Upstream {
 public:
  explicit Server(Is state) : state_(state) {}
  std::string_view url() const noexcept override { return {}; }
  bool healthy() const noexcept override { return state_ == Is::kUp; }
  bool loading() const noexcept override { return state_ == Is::kLoading; }
  const ServerProps& props() const noexcept override { return props_; }
  SlotControl& slots() noexcept override { std::terminate(); }
  std::int64_t pool_tokens() const noexcept override { return 0; }

 private:
  Is state_;
  ServerProps props_;
};

// Those that are up suit whom they have not failed, with a prompt of any length up to a thousand.
class Servers final : public Upstreams {
 public:
  Servers(std::initializer_list<Is> states) : servers_(states.begin(), states.end()) {}
  std::size_t size() const noexcept override { return servers_.size(); }
  Upstream& at(std::size_t index) noexcept override { return servers_[index]; }
  bool suits(std::size_t index, const ServerDemand& demand) const noexcept override {
    const bool tried = std::ranges::find(demand.tried, index) != demand.tried.end();
    return servers_[index].healthy() && !tried && demand.window <= 1000;
  }
  void on_change(std::function<void(std::size_t)>) override {}

 private:
  std::vector<Server> servers_;
};

bool prospect(Servers servers, std::int64_t window = 0, std::vector<std::size_t> tried = {}) {
  return has_prospect(servers, ServerDemand{"", window, std::move(tried)});
}

TEST(Prospect, AServerThatSuits) {
  EXPECT_TRUE(prospect({Is::kAway, Is::kUp}));
  EXPECT_FALSE(prospect({Is::kUp, Is::kAway}, 2000));
  EXPECT_FALSE(prospect({Is::kUp, Is::kAway}, 0, {0}));
}

TEST(Prospect, OneThatIsComingUp) {
  EXPECT_TRUE(prospect({Is::kUp, Is::kLoading}, 2000)) << "nobody knows its window yet";
  EXPECT_FALSE(prospect({Is::kUp, Is::kLoading}, 2000, {1})) << "not there a second time";
}

TEST(Prospect, WhereAllAreAwayTheyMayComeBack) {
  EXPECT_TRUE(prospect({Is::kAway, Is::kAway}));
  EXPECT_TRUE(prospect({Is::kAway}, 2000, {0}));
}

}  // namespace
}  // namespace keep
