// A loop of the test's own, pools beside it, and a coroutine that can be cancelled.
#pragma once

#include "base/async/pools.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <utility>

namespace keep::test {

class PoolFixture : public testing::Test {
 protected:
  // Runs it to its end, and whatever else is on the loop. -> what it threw.
  std::exception_ptr run(asio::awaitable<void> task) {
    std::exception_ptr failure;
    asio::co_spawn(loop_, std::move(task),
                   asio::bind_cancellation_slot(signal_.slot(),
                                                [&](const std::exception_ptr& e) { failure = e; }));
    loop_.run();
    return failure;
  }

  asio::io_context loop_;
  Pools pools_{1, 2};
  asio::cancellation_signal signal_;
};

}  // namespace keep::test
