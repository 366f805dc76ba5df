#include "base/async/pools.hpp"

#include "tests/unit/proxy/base/async/pool_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace keep {
namespace {

class PoolsTest : public test::PoolFixture {};

asio::awaitable<void> call(Pools& pools, std::unique_ptr<int>& result, std::thread::id& worker,
                           std::thread::id& after) {
  auto job = [&worker, number = std::make_unique<int>(7)] {
    worker = std::this_thread::get_id();
    return std::make_unique<int>(*number + 1);
  };
  result = co_await run_on(pools.cpu, std::move(job));
  after = std::this_thread::get_id();
}

TEST_F(PoolsTest, AJobRunsElsewhereAndTheCallerGoesOnAtHome) {
  std::unique_ptr<int> result;
  std::thread::id worker, after;
  EXPECT_EQ(run(call(pools_, result, worker, after)), nullptr);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(*result, 8);
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(after, std::this_thread::get_id());
}

struct Owned {
  std::thread::id& gone;
  bool held = true;
  explicit Owned(std::thread::id& where) : gone(where) {}
  Owned(Owned&& other) noexcept : gone(other.gone), held(std::exchange(other.held, false)) {}
  ~Owned() {
    if (held) gone = std::this_thread::get_id();
  }
};

asio::awaitable<void> own(Pools& pools, std::thread::id& worker, std::thread::id& gone) {
  auto job = [&worker, owned = Owned(gone)] {
    worker = std::this_thread::get_id();
    return owned.held;
  };
  EXPECT_TRUE(co_await run_on(pools.cpu, std::move(job)));
}

TEST_F(PoolsTest, WhatAJobOwnsGoesWhereItRan) {
  std::thread::id worker, gone;
  EXPECT_EQ(run(own(pools_, worker, gone)), nullptr);
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(gone, worker);
}

asio::awaitable<void> fail(Pools& pools) {
  auto job = []() -> int { throw std::runtime_error("no"); };
  co_await run_on(pools.cpu, std::move(job));
}

TEST_F(PoolsTest, WhatAJobThrowsReachesTheCaller) {
  const std::exception_ptr failure = run(fail(pools_));
  ASSERT_NE(failure, nullptr);
  EXPECT_THROW(std::rethrow_exception(failure), std::runtime_error);
}

// Strands change the thread with each job; what a job asks for is waited for as well.
TEST_F(PoolsTest, APoolIsJoinedWhenAllIsDoneThatJobsAskFor) {
  const Strand strand(pools_.disk.get_executor());
  std::atomic<int> done = 0;
  std::function<void()> step = [&] {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    if (++done < 50) asio::post(strand, step);
  };
  asio::post(strand, step);
  pools_.disk.join();
  EXPECT_EQ(done, 50);
}

TEST_F(PoolsTest, AJobThatTakesLongHoldsNoOther) {
  std::binary_semaphore go{0}, other{0};
  asio::post(pools_.disk.get_executor(), [&] { go.acquire(); });
  for (int i = 0; i < 10; ++i) {
    asio::post(Strand(pools_.disk.get_executor()), [&] { other.release(); });
    other.acquire();  // hangs if it waits behind the long one
  }
  go.release();
  pools_.disk.join();
}

TEST_F(PoolsTest, JobsThatDidNotBeginAreDroppedWithTheirPool) {
  std::binary_semaphore began{0}, go{0};
  const auto alive = std::make_shared<int>(1);
  {
    Pool pool(1);
    asio::post(pool.get_executor(), [&] {
      began.release();
      go.acquire();
    });
    for (int i = 0; i < 10; ++i) asio::post(pool.get_executor(), [alive] {});
    began.acquire();
    go.release();
  }
  EXPECT_EQ(alive.use_count(), 1);
}

asio::awaitable<void> take_turn(Strand strand, int number, std::vector<int>& order) {
  auto job = [number, &order] {
    order.push_back(number);
    return true;
  };
  co_await run_in_turn(strand, std::move(job));
}

TEST_F(PoolsTest, TurnsAreTakenInTheOrderOfAsking) {
  const Strand strand(pools_.disk.get_executor());
  std::vector<int> order, expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(i);
    asio::co_spawn(loop_, take_turn(strand, i, order), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop_.run();
  EXPECT_EQ(order, expected);
}

asio::awaitable<void> two_turns(Strand strand, std::binary_semaphore& go, int& done) {
  auto job = [&go, &done] {
    go.acquire();
    return ++done;
  };
  co_await run_in_turn(strand, std::move(job));
  auto second = [&done] { return ++done; };
  co_await run_in_turn(strand, std::move(second));
}

TEST_F(PoolsTest, ACancelledCallerIsStillWaitedFor) {
  const Strand strand(pools_.disk.get_executor());
  std::binary_semaphore go{0};
  int done = 0;
  asio::steady_timer timer(loop_, std::chrono::milliseconds(1));
  timer.async_wait([&](const boost::system::error_code&) {
    signal_.emit(asio::cancellation_type::terminal);
    go.release();
  });
  EXPECT_NE(run(two_turns(strand, go, done)), nullptr) << "thrown where it waits next";
  EXPECT_EQ(done, 1);
}

asio::awaitable<void> count_call(Pool& pool, std::shared_ptr<int> owned, std::atomic<int>& calls) {
  auto job = [owned = std::move(owned), &calls] { return ++calls; };
  co_await run_on(pool, std::move(job));
}

// The pool's only thread is busy until `go`.
class BusyPoolTest : public PoolsTest {
 protected:
  void SetUp() override {
    asio::post(pools_.cpu.get_executor(), [&] { go_.acquire(); });
  }
  std::binary_semaphore go_{0};
  std::atomic<int> calls_ = 0;
};

TEST_F(BusyPoolTest, AJobIsGivenUpWhenItsCallerIsCancelledBeforeItBegan) {
  const auto owned = std::make_shared<int>(1);
  asio::steady_timer timer(loop_, std::chrono::milliseconds(1));
  timer.async_wait(
      [&](const boost::system::error_code&) { signal_.emit(asio::cancellation_type::terminal); });
  const std::exception_ptr failure = run(count_call(pools_.cpu, owned, calls_));
  ASSERT_NE(failure, nullptr) << "and does not wait for the pool";
  EXPECT_THROW(std::rethrow_exception(failure), boost::system::system_error);
  EXPECT_EQ(owned.use_count(), 1) << "what the job owned is let go at once";
  go_.release();
  pools_.cpu.join();
  EXPECT_EQ(calls_, 0);
}

TEST_F(BusyPoolTest, ACallerThatIsNotCancelledHasItsJobDone) {
  asio::steady_timer timer(loop_, std::chrono::milliseconds(1));
  timer.async_wait([&](const boost::system::error_code&) { go_.release(); });
  EXPECT_EQ(run(count_call(pools_.cpu, nullptr, calls_)), nullptr);
  EXPECT_EQ(calls_, 1);
}

asio::awaitable<void> call_twice(Pool& pool, std::binary_semaphore& began,
                                 std::binary_semaphore& go, int& done) {
  auto first = [&] {
    began.release();
    go.acquire();
    return ++done;
  };
  co_await run_on(pool, std::move(first));
  ++done;  // the job had begun, so its result is here
  auto second = [&done] { return ++done; };
  co_await run_on(pool, std::move(second));
}

TEST_F(PoolsTest, AJobThatHasBegunIsWaitedFor) {
  std::binary_semaphore began{0}, go{0};
  int done = 0;
  asio::steady_timer timer(loop_, std::chrono::milliseconds(1));
  timer.async_wait([&](const boost::system::error_code&) {
    began.acquire();
    signal_.emit(asio::cancellation_type::terminal);
    go.release();
  });
  EXPECT_NE(run(call_twice(pools_.cpu, began, go, done)), nullptr) << "thrown where it waits next";
  EXPECT_EQ(done, 2);
}

// Whether the thread or the cancellation comes first is open: the caller goes on once, either way.
TEST_F(PoolsTest, AJobThatBeginsWhileItsCallerIsCancelledIsToldOfOnce) {
  for (int i = 0; i < 500; ++i) {
    std::atomic<int> calls = 0;
    std::exception_ptr failure;
    int ends = 0;
    asio::cancellation_signal signal;
    asio::co_spawn(loop_, count_call(pools_.cpu, nullptr, calls),
                   asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& e) {
                     failure = e;
                     ++ends;
                   }));
    asio::post(loop_, [&] { signal.emit(asio::cancellation_type::terminal); });
    loop_.restart();
    loop_.run();
    ASSERT_EQ(ends, 1);
    EXPECT_EQ(calls, failure ? 0 : 1);
  }
}

TEST_F(PoolsTest, WhoeverWaitsForAPoolThatEndsGoesWithIt) {
  const auto owned = std::make_shared<int>(1);
  std::atomic<int> calls = 0;
  std::binary_semaphore began{0}, go{0};
  {
    Pool pool(1);
    asio::post(pool.get_executor(), [&] {
      began.release();
      go.acquire();
    });
    began.acquire();
    asio::co_spawn(loop_, count_call(pool, owned, calls),
                   asio::bind_cancellation_slot(signal_.slot(), [](const std::exception_ptr&) {}));
    loop_.poll();
    EXPECT_EQ(owned.use_count(), 2);
    go.release();
  }
  loop_.poll();  // whoever was served after all
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace keep
