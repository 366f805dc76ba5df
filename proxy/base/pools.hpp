// Pools: where work goes that would block the loop. And Spawner: detached work that is waited for.
#pragma once

#include "base/result.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <list>
#include <type_traits>
#include <utility>

namespace keep {

// cpu: hashing and parsing of large bodies, searches. disk: file I/O.
struct Pools {
  explicit Pools(std::size_t cpu_threads, std::size_t disk_threads = 2)
      : cpu(cpu_threads), disk(disk_threads) {}
  asio::thread_pool cpu;
  asio::thread_pool disk;
};

namespace detail {
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> call(Fn fn) {
  co_return fn();
}
}  // namespace detail

// Runs `fn` on the pool and resumes the caller on its own executor. `fn` owns what it uses.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> run_on(asio::thread_pool& pool, Fn fn) {
  auto job = detail::call<Fn>(std::move(fn));
  co_return co_await asio::co_spawn(pool, std::move(job), asio::use_awaitable);
}

// One thing after the other, in the order in which it was asked for; on any thread of a pool.
using Strand = asio::strand<asio::thread_pool::executor_type>;

// The same on a strand. A cancellation of the caller does not reach `fn`, not even before it began:
// it takes effect when the caller waits for something else.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> run_in_turn(Strand strand, Fn fn) {
  auto job = detail::call<Fn>(std::move(fn));
  co_return co_await asio::co_spawn(
      strand, std::move(job),
      asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
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
