#include "base/async/sequenced.hpp"

#include "tests/unit/proxy/base/async/pool_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace keep {
namespace {

using Numbers = Sequenced<std::vector<int>>;

// A value that says when it is gone.
class Mortal {
 public:
  explicit Mortal(std::atomic<bool>& gone) : gone_(gone) {}
  Mortal(const Mortal&) = delete;
  Mortal& operator=(const Mortal&) = delete;
  ~Mortal() { gone_ = true; }
  bool alive() const { return !gone_; }

 private:
  std::atomic<bool>& gone_;
};

class SequencedTest : public test::PoolFixture {};

asio::awaitable<void> read(Numbers numbers, std::vector<int>& copy, std::thread::id& worker) {
  auto job = [&worker](std::vector<int>& value) {
    worker = std::this_thread::get_id();
    return value;
  };
  copy = co_await numbers.run(std::move(job));
}

TEST_F(SequencedTest, AJobIsGivenTheValueOnAnotherThread) {
  std::vector<int> copy;
  std::thread::id worker;
  EXPECT_EQ(run(read(Numbers(pools_.disk, 3U, 7), copy, worker)), nullptr);
  EXPECT_EQ(copy, (std::vector<int>{7, 7, 7}));
  EXPECT_NE(worker, std::thread::id());
  EXPECT_NE(worker, std::this_thread::get_id());
}

asio::awaitable<void> fail(Numbers numbers) {
  auto job = [](std::vector<int>& value) { return value.at(0); };
  co_await numbers.run(std::move(job));
}

TEST_F(SequencedTest, WhatAJobThrowsReachesTheCaller) {
  const std::exception_ptr failure = run(fail(Numbers(pools_.disk)));
  ASSERT_NE(failure, nullptr);
  EXPECT_THROW(std::rethrow_exception(failure), std::out_of_range);
}

TEST_F(SequencedTest, JobsRunInTheOrderOfAsking) {
  const Numbers numbers(pools_.disk);
  std::vector<int> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(i);
    auto job = [i](std::vector<int>& value) {
      value.push_back(i);
      return true;
    };
    if (i < 50) {
      numbers.post(std::move(job));
    } else {
      asio::co_spawn(loop_, numbers.run(std::move(job)), asio::detached);
    }
  }
  loop_.run();
  EXPECT_EQ(numbers.value_while_idle(), expected) << "the last one to be asked for has ended";
}

TEST_F(SequencedTest, ValuesOnOneStrandHaveOneSequence) {
  const Strand strand(pools_.disk.get_executor());
  const Numbers one(strand), other(strand);
  std::vector<int> order, expected;  // used on the strand
  for (int i = 0; i < 100; ++i) {
    expected.push_back(i);
    (i % 2 == 0 ? one : other).post([i, &order](std::vector<int>&) { order.push_back(i); });
  }
  pools_.disk.join();
  EXPECT_EQ(order, expected);
}

TEST_F(SequencedTest, CopiesAreOfTheSameValue) {
  const Numbers numbers(pools_.disk), other(pools_.disk);
  const Numbers copy = numbers;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy, numbers);
  EXPECT_NE(other, numbers) << "though the values are equal";
  copy.post([](std::vector<int>& value) { value.push_back(1); });
  pools_.disk.join();
  EXPECT_EQ(numbers.value_while_idle(), std::vector<int>{1});
  EXPECT_TRUE(other.value_while_idle().empty());
}

// Waits in one job and asks for another.
asio::awaitable<void> add_twice(Numbers numbers, std::binary_semaphore& go, bool& resumed) {
  auto first = [&go](std::vector<int>& value) {
    go.acquire();
    value.push_back(1);
    return true;
  };
  resumed = co_await numbers.run(std::move(first));
  auto second = [](std::vector<int>& value) {
    value.push_back(2);
    return true;
  };
  co_await numbers.run(std::move(second));
}

TEST_F(SequencedTest, AJobRunsWhateverBecomesOfACallerThatIsCancelled) {
  const Numbers numbers(pools_.disk);
  std::binary_semaphore before{0}, go{0};
  numbers.post([&before](std::vector<int>&) { before.acquire(); });  // so that none has begun yet
  bool resumed = false;
  asio::steady_timer timer(loop_, std::chrono::milliseconds(1));
  timer.async_wait([&](const boost::system::error_code&) {
    signal_.emit(asio::cancellation_type::terminal);
    before.release();
    go.release();
  });
  EXPECT_NE(run(add_twice(numbers, go, resumed)), nullptr) << "thrown where it waits next";
  EXPECT_TRUE(resumed);
  EXPECT_EQ(numbers.value_while_idle(), std::vector<int>{1});
}

TEST_F(SequencedTest, TheValueOutlivesItsLastHandleWhileAJobRuns) {
  std::atomic<bool> gone = false, was_alive = false;
  std::binary_semaphore began{0}, go{0};
  std::optional<Sequenced<Mortal>> mortal(std::in_place, pools_.disk, gone);
  mortal->post([&](Mortal& value) {
    began.release();
    go.acquire();
    was_alive = value.alive();
  });
  began.acquire();
  mortal.reset();
  EXPECT_FALSE(gone);
  go.release();
  pools_.disk.join();
  EXPECT_TRUE(was_alive);
  EXPECT_TRUE(gone);
}

TEST_F(SequencedTest, TheValueOutlivesItsLastHandleUntilACallIsAwaited) {
  std::atomic<bool> gone = false, was_alive = false;
  std::optional<Sequenced<Mortal>> mortal(std::in_place, pools_.disk, gone);
  auto job = [&](Mortal& value) { return was_alive = value.alive(); };
  asio::co_spawn(loop_, mortal->run(std::move(job)), asio::detached);
  mortal.reset();
  EXPECT_FALSE(gone);
  loop_.run();
  pools_.disk.join();
  EXPECT_TRUE(was_alive);
  EXPECT_TRUE(gone);
}

TEST_F(SequencedTest, JobsThatAPoolDropsLetGoOfTheValue) {
  std::atomic<bool> gone = false;
  std::binary_semaphore began{0}, go{0};
  {
    Pool pool(1);
    const Sequenced<Mortal> mortal(pool, gone);
    asio::post(pool.get_executor(), [&] {
      began.release();
      go.acquire();
    });
    mortal.post([](Mortal&) {});
    began.acquire();
    go.release();
  }
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace keep
