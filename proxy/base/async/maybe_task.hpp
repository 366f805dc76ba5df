// MaybeTask<T>: a Result<T> that is there at once, or a coroutine that ends in one.
//
// For functions that seldom have to wait. One that knows its result returns it like any other
// function, and no coroutine is made; one that has to wait returns the call of a coroutine.
#pragma once

#include "base/result.hpp"

#include <type_traits>
#include <utility>

namespace keep {

template <class T = void>
class [[nodiscard]] MaybeTask {
 public:
  template <class U, class = std::enable_if_t<std::is_constructible_v<Result<T>, U>>>
  MaybeTask(U&& result) : result_(std::forward<U>(result)) {}            // NOLINT(google-explicit*)
  MaybeTask(Task<T> task) : result_(Error()), task_(std::move(task)) {}  // NOLINT(google-explicit*)

  bool waits() const noexcept { return task_.valid(); }
  // Of one that does not wait.
  Result<T>& result() noexcept { return result_; }
  // Of one that waits: what is left to do. It is to be awaited once.
  Task<T> task() noexcept { return std::move(task_); }

 private:
  Result<T> result_;
  Task<T> task_;
};

}  // namespace keep
