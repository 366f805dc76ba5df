// Pools: where work goes that would block the loop. And Spawner: detached work that is waited for.
#pragma once

#include "base/async/pool.hpp"
#include "base/result.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <cstddef>
#include <functional>
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

// One thing after the other, in the order in which it was asked for; on any thread of a pool.
using Strand = asio::strand<Pool::Executor>;

namespace detail {
// Each ends when `job` has been called, with what it threw, and lets go of it then. The first ends
// by an exception (operation_aborted) when it is cancelled before `job` began, which is not called.
asio::awaitable<void> call_on(Pool& pool, std::function<void()> job);
asio::awaitable<void> call_on(Strand strand, std::function<void()> job);

template <class Where, class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> result_on(Where where, Fn fn) {
  std::invoke_result_t<Fn&> result{};
  // What it owns is let go of where it ran: a large text costs the loop nothing.
  std::function<void()> job = [&fn, &result] {
    Fn own = std::move(fn);
    result = own();
  };
  co_await call_on(where, std::move(job));
  co_return result;
}
}  // namespace detail

// Runs `fn` on the pool and resumes the caller on its own executor. `fn` owns what it uses, or that
// is the caller's, and returns something. A caller that is cancelled before `fn` began gives it up
// and goes on at once, by an exception (operation_aborted): nobody is there to use its result.
// Later the cancellation takes effect when the caller waits for something else.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> run_on(Pool& pool, Fn fn) {
  return detail::result_on<Pool&>(pool, std::move(fn));
}

// The same on a strand, but for a cancellation: `fn` runs in its turn whatever becomes of the
// caller, which waits for that.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&>> run_in_turn(Strand strand, Fn fn) {
  return detail::result_on<Strand>(std::move(strand), std::move(fn));
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
