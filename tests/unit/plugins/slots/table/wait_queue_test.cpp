#include "plugins/slots/table/wait_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace keep::slots {
namespace {

// Waiters are named tenant + number: "a1".
class WaitQueueTest : public testing::Test {
 protected:
  struct Named : Waiter {
    explicit Named(std::string n) : Waiter(n.substr(0, 1)), name(std::move(n)) {}
    std::string name;
  };
  Named& push(const std::string& name) {
    waiters_.push_back(std::make_unique<Named>(name));
    queue_.push(*waiters_.back());
    return *waiters_.back();
  }
  // Name of the one granted, "" when none was. `answer(name)` decides.
  template <class Fn>
  std::string grant(Fn answer) {
    std::string granted;
    queue_.grant_one([&](Waiter& w) {
      const auto& named = static_cast<Named&>(w);
      const Offer offer = answer(named.name);
      if (offer == Offer::kGranted) granted = named.name;
      return offer;
    });
    return granted;
  }
  std::string grant() {
    return grant([](const std::string&) { return Offer::kGranted; });
  }
  std::string grant_all() {
    std::string order;
    for (std::string name = grant(); !name.empty(); name = grant()) order += name + " ";
    return order;
  }

  WaitQueue queue_{64};
  std::vector<std::unique_ptr<Named>> waiters_;
};

TEST_F(WaitQueueTest, FirstComeFirstServedWithinATenant) {
  for (const char* name : {"a1", "a2", "a3"}) push(name);
  EXPECT_EQ(grant_all(), "a1 a2 a3 ");
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(WaitQueueTest, RoundRobinBetweenTenants) {
  for (const char* name : {"a1", "a2", "a3", "b1", "b2", "c1"}) push(name);
  EXPECT_EQ(grant_all(), "a1 b1 c1 a2 b2 a3 ");
}

TEST_F(WaitQueueTest, LateTenantDoesNotWaitForTheWholeLineOfAnother) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) push(name);
  EXPECT_EQ(grant(), "a1");
  push("b1");
  EXPECT_EQ(grant_all(), "a2 b1 a3 a4 ");
}

TEST_F(WaitQueueTest, ThePositionSaysWhoseTurnItIs) {
  const std::vector<std::string> names{"a1", "a2", "b1", "a3", "c1", "b2", "c2", "a4"};
  std::vector<Named*> all;
  for (const std::string& name : names) all.push_back(&push(name));
  for (std::size_t served = 0; served < names.size(); ++served) {
    std::vector<std::string> by_position(all.size());
    for (const Named* waiter : all) by_position.at(queue_.position(*waiter) - 1) = waiter->name;
    const std::string next = grant();
    EXPECT_EQ(next, by_position.front());
    std::erase_if(all, [&](const Named* waiter) { return waiter->name == next; });
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto one = std::ranges::find(all, by_position[i + 1], &Named::name);
      EXPECT_EQ(queue_.position(**one), i + 1) << "everybody moves up by one";
    }
  }
}

TEST_F(WaitQueueTest, OverFullCountsOnlyThoseThatWait) {
  WaitQueue small(1);
  Waiter one("a"), two("a");
  small.push(one);
  EXPECT_FALSE(small.over_full(one));
  small.push(two);
  EXPECT_TRUE(small.over_full(two));
  small.grant_one([](Waiter&) { return Offer::kGranted; });
  EXPECT_FALSE(small.over_full(two));
}

TEST_F(WaitQueueTest, ATenantOfWhomNobodyWaitsFindsAPlace) {
  WaitQueue small(2);
  Waiter a1("a"), a2("a"), a3("a"), b1("b"), b2("b"), c1("c"), d1("d");
  for (Waiter* waiter : {&a1, &a2}) small.push(*waiter);
  small.push(a3);
  EXPECT_TRUE(small.over_full(a3));
  small.remove(a3);
  small.push(b1);
  EXPECT_FALSE(small.over_full(b1));
  small.push(b2);
  EXPECT_TRUE(small.over_full(b2));
  small.remove(b2);
  small.push(c1);
  EXPECT_FALSE(small.over_full(c1));
  small.push(d1);
  EXPECT_TRUE(small.over_full(d1)) << "whoever invents tenants does not get on without end";
}

TEST_F(WaitQueueTest, RemovedAtAnyPlace) {
  for (int leaver = 0; leaver < 4; ++leaver) {
    std::vector<Named*> all;
    for (const char* name : {"a1", "a2", "b1", "a3"}) all.push_back(&push(name));
    queue_.remove(*all[static_cast<std::size_t>(leaver)]);
    queue_.remove(*all[static_cast<std::size_t>(leaver)]);  // twice is harmless
    EXPECT_EQ(queue_.size(), 3U);
    const std::string order = grant_all();
    EXPECT_EQ(order.find(all[static_cast<std::size_t>(leaver)]->name), std::string::npos);
    EXPECT_EQ(order.size(), 9U);
  }
}

TEST_F(WaitQueueTest, WaiterForOneSlotHoldsUpNobody) {
  for (const char* name : {"a1", "a2", "b1"}) push(name);
  const auto pass_a1 = [](const std::string& name) {
    return name == "a1" ? Offer::kPass : Offer::kGranted;
  };
  EXPECT_EQ(grant(pass_a1), "a2");
  EXPECT_EQ(grant(pass_a1), "b1");
  EXPECT_EQ(grant(pass_a1), "");
  EXPECT_EQ(grant(), "a1");
}

TEST_F(WaitQueueTest, StopServesNobody) {
  for (const char* name : {"a1", "b1"}) push(name);
  EXPECT_EQ(grant([](const std::string&) { return Offer::kStop; }), "");
  EXPECT_EQ(queue_.size(), 2U);
}

TEST_F(WaitQueueTest, LargeRequestHoldsItsTenantAndIsOvertakenSoOften) {
  push("a1");
  push("a2");
  for (int i = 0; i < 20; ++i) push("b" + std::to_string(i));
  const auto large_a1 = [](const std::string& name) {
    return name == "a1" ? Offer::kHold : Offer::kGranted;
  };
  int overtook = 0;
  for (std::string name = grant(large_a1); !name.empty(); name = grant(large_a1)) {
    EXPECT_EQ(name[0], 'b') << "its own tenant does not overtake";
    ++overtook;
  }
  EXPECT_EQ(overtook, WaitQueue::kMaxOvertakes);
  EXPECT_EQ(queue_.size(), 22U - WaitQueue::kMaxOvertakes) << "now all wait for it";
  std::string order = grant_all();
  EXPECT_LT(order.find("a1"), 4U) << "and it comes in its turn: " << order;
}

}  // namespace
}  // namespace keep::slots
