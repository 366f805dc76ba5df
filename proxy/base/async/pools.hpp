// Pools: where work goes that would block the loop. And Spawner: detached work that is waited for.
#pragma once

#include "base/async/pool.hpp"
#include "base/result.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <type_traits>
#include <utility>

namespace keep {

// cpu: hashing and parsing of large bodies, searches. disk: file I/O.
struct Pools {
  explicit Pools(std::size_t cpu_threads, std::size_t disk_threads = 2)
      : cpu(cpu_threads), disk(disk_threads) {}
  Pool cpu;
  Pool disk;
};

namespace detail {
// Calls `fn` and hands what it returned or threw to the handler, on the handler's own executor.
template <class Handler, class Fn>
class Job {
 public:
  using R = std::invoke_result_t<Fn&>;
  Job(Handler handler, Fn fn)
      : home_(asio::make_work_guard(handler)), handler_(std::move(handler)), fn_(std::move(fn)) {}

  void operator()() {
    std::exception_ptr failure;
    R result{};
    try {
      result = fn_();
    } catch (...) {
      failure = std::current_exception();
    }
    auto resume = [handler = std::move(handler_), failure = std::move(failure),
                   result = std::move(result)]() mutable {
      std::move(handler)(std::move(failure), std::move(result));
    };
    asio::post(home_.get_executor(), std::move(resume));
  }

 private:
  asio::executor_work_guard<asio::associated_executor_t<Handler>> home_;
  Handler handler_;
  Fn fn_;
};

template <class Executor, class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> call_on(Executor executor, Fn fn) {
  using R = std::invoke_result_t<Fn&>;
  auto start = [executor = std::move(executor), fn = std::move(fn)](auto handler) mutable {
    asio::post(executor, Job(std::move(handler), std::move(fn)));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                          void(std::exception_ptr, R)>(std::move(start),
                                                                       asio::use_awaitable);
}
}  // namespace detail

// Runs `fn` on the pool and resumes the caller on its own executor. `fn` owns what it uses, and
// returns something. A cancellation of the caller does not reach `fn`, not even before it began: it
// takes effect when the caller waits for something else.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> run_on(Pool& pool, Fn fn) {
  return detail::call_on(pool.get_executor(), std::move(fn));
}

// One thing after the other, in the order in which it was asked for; on any thread of a pool.
using Strand = asio::strand<Pool::Executor>;

// The same on a strand.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> run_in_turn(Strand strand, Fn fn) {
  return detail::call_on(std::move(strand), std::move(fn));
}

// Starts detached coroutines on the loop, counts them, and can cancel them all. Loop thread only;
// must outlive its tasks: wait until running() is 0 before it goes.
class Spawner {
 public:
  explicit Spawner(asio::io_context& loop) : loop_(loop) {}
  // `name` (a literal) is for the log line when the task ends with an exception.
  void spawn(const char* name, asio::awaitable<void> task);
  // `make` is given the signal that cancels the task, which lives as long as the task.
  template <class Make>
  void spawn_with_signal(const char* name, Make make) {
    const auto signal = signals_.emplace(signals_.end());
    start(name, signal, make(*signal));
  }
  void cancel_all();
  std::size_t running() const noexcept { return signals_.size(); }

 private:
  using Signals = std::list<asio::cancellation_signal>;
  void start(const char* name, Signals::iterator signal, asio::awaitable<void> task);

  asio::io_context& loop_;
  Signals signals_;
};

}  // namespace keep
