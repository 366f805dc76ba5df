// Sequenced<T>: a value that is used on one strand of a pool only. Who holds a Sequenced cannot
// touch the value but by a job, a function that is given it:
//
//   Sequenced<Index> index(pools.cpu);
//   auto look = [word](Index& value) { return value.find(word); };
//   const auto places = co_await index.run(std::move(look));
//
// Order: jobs run one at a time, each on any thread of the pool, in the order in which they were
// asked for. run() asks when it is awaited, post() when it is called.
// Threads: handles are made, copied, asked and dropped on any thread. T needs no lock, but must not
// depend on which thread it is used or destroyed by.
// Lifetime: handles are shared ownership, like shared_ptr: copies are of the same value. It is made
// by who makes the first handle, and dies with the last handle or the last job, whichever goes
// later and on that thread. A job keeps it alive from the call of run() or post() until it has
// ended, so a handle may be dropped meanwhile. Jobs that the pool drops unrun at its end let go of
// it, too. The pool must outlive all handles. A handle that was moved from may only be assigned to
// or dropped.
#pragma once

#include "base/async/pools.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace keep {

template <class T>
class Sequenced {
 public:
  // On a strand of its own, with what a T is made from.
  template <class... Args>
  explicit Sequenced(Pool& pool, Args&&... args)
      : Sequenced(Strand(pool.get_executor()), std::forward<Args>(args)...) {}
  // On a strand that others use as well: their jobs and those of this value are one sequence.
  template <class... Args>
  explicit Sequenced(Strand strand, Args&&... args)
      : shared_(std::make_shared<Shared>(std::move(strand), std::forward<Args>(args)...)) {}

  // Runs fn(T&) in its turn and resumes the caller, on its own executor, with what that returned or
  // threw. The result has a default constructor and does not lead back to the value. `fn` owns what
  // it uses, or borrows it from the coroutine that awaits. A caller that is cancelled while it
  // waits still gets its result, and `fn` runs even if it had not begun (see run_in_turn).
  template <class Fn>
  asio::awaitable<std::invoke_result_t<Fn&, T&>> run(Fn fn) const {
    using R = std::invoke_result_t<Fn&, T&>;
    static_assert(!std::is_void_v<R>, "a job returns something, if only true");
    static_assert(!std::is_reference_v<R> && !std::is_pointer_v<R>,
                  "what a job returns leaves the strand");
    auto job = [shared = shared_, fn = std::move(fn)]() mutable { return fn(shared->value); };
    return run_in_turn(shared_->strand, std::move(job));
  }

  // Asks for fn(T&), which owns what it uses and does not throw, and waits for nothing. For callers
  // that are no coroutines, or must not be interrupted between asking and what they do next.
  template <class Fn>
  void post(Fn fn) const {
    asio::post(shared_->strand,
               [shared = shared_, fn = std::move(fn)]() mutable { fn(shared->value); });
  }

  // The way round the strand: the value as it is. Only for a caller that knows that all jobs of
  // this value have ended (it has been resumed by the last one, or the pool was joined), and only
  // until somebody asks for another. Nothing checks that.
  const T& value_while_idle() const noexcept { return shared_->value; }

  // Whether both are of the same value.
  friend bool operator==(const Sequenced& a, const Sequenced& b) noexcept {
    return a.shared_ == b.shared_;
  }

 private:
  struct Shared {
    template <class... Args>
    explicit Shared(Strand on, Args&&... args)
        : strand(std::move(on)), value(std::forward<Args>(args)...) {}
    const Strand strand;
    T value;
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace keep
