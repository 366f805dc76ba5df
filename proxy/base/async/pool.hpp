// A pool of threads with one queue. Handing a job over never waits for a thread of the pool.
//
// With one condition variable for several threads it can: glibc's pthread_cond_signal stays until
// the threads woken before have left it, and one of those may be ready and find no processor (the
// loop was seen to stand 50 to 120 ms beside compilers). Here each thread sleeps on a variable of
// its own.
#pragma once

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace keep {

namespace asio = boost::asio;

// Jobs may be asked for on any thread; join() and the end belong to the owner. A job must not
// throw.
class Pool : public asio::execution_context {
 public:
  class Executor;

  explicit Pool(std::size_t threads);  // one at least
  ~Pool();                             // jobs that did not begin are dropped
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Executor get_executor() noexcept;
  // Waits until every job is done, also those that jobs ask for. Nobody else may ask for one then.
  void join();

 private:
  struct Job {
    virtual ~Job() = default;
    virtual void run() = 0;
  };
  template <class Fn>
  struct JobOf final : Job {
    explicit JobOf(Fn call) : fn(std::move(call)) {}
    void run() override { std::move(fn)(); }
    Fn fn;
  };
  struct Worker {
    std::condition_variable wake;
    bool woken = false;
    std::thread thread;
  };

  void post(std::unique_ptr<Job> job);
  void work(Worker& self);
  void end_workers();

  std::mutex mutex_;  // for all below; held for moments
  std::deque<std::unique_ptr<Job>> queue_;
  std::deque<Worker> workers_;
  std::vector<Worker*> idle_;  // asleep, the last one to fall asleep is woken first
  bool joining_ = false;       // workers end when there is nothing left
  bool dropping_ = false;      // ... or at once
};

// What Asio calls an executor.
class Pool::Executor {
 public:
  explicit Executor(Pool& pool) noexcept : pool_(&pool) {}

  template <class Fn>
  void execute(Fn&& fn) const {
    pool_->post(std::make_unique<JobOf<std::decay_t<Fn>>>(std::forward<Fn>(fn)));
  }
  Pool& query(asio::execution::context_t) const noexcept { return *pool_; }
  static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  friend bool operator==(const Executor& a, const Executor& b) noexcept {
    return a.pool_ == b.pool_;
  }
  friend bool operator!=(const Executor& a, const Executor& b) noexcept { return !(a == b); }

 private:
  Pool* pool_;
};

inline Pool::Executor Pool::get_executor() noexcept { return Executor(*this); }

}  // namespace keep
