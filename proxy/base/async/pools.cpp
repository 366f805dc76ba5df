#include "base/async/pools.hpp"

#include "base/log.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <memory>

namespace keep {

namespace {

void report(const char* name, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) return;  // asked to stop
    log::error("background task failed", {{"task", name}, {"what", e.what()}});
  } catch (const std::exception& e) {
    log::error("background task failed", {{"task", name}, {"what", e.what()}});
  }
}

// A job that a handler waits for, on the handler's own executor. Whoever claims it first decides
// what the handler is told: run(), what the job threw, if anything; give_up(), that it was
// cancelled and has not begun.
template <class Handler>
class Call {
 public:
  Call(Handler handler, std::function<void()> job)
      : home_(asio::make_work_guard(handler)), handler_(std::move(handler)), job_(std::move(job)) {}

  void run() {
    if (claimed_.exchange(true)) return;
    std::exception_ptr failure;
    try {
      job_();
    } catch (...) {
      failure = std::current_exception();
    }
    tell(std::move(failure));
  }

  void give_up() {
    if (claimed_.exchange(true)) return;
    tell(std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)));
  }

 private:
  void tell(std::exception_ptr failure) {
    auto resume = [handler = std::move(handler_), failure = std::move(failure)]() mutable {
      std::move(handler)(std::move(failure));
    };
    asio::post(home_.get_executor(), std::move(resume));
    home_.reset();  // the pool may not come to what was given up for a long time
  }

  asio::executor_work_guard<asio::associated_executor_t<Handler>> home_;
  Handler handler_;
  std::function<void()> job_;
  std::atomic<bool> claimed_ = false;
};

template <class Executor>
asio::awaitable<void> call(Executor executor, std::function<void()> job, bool can_be_given_up) {
  auto start = [&](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const auto call = std::make_shared<Call<decltype(handler)>>(std::move(handler), std::move(job));
    if (can_be_given_up && slot.is_connected()) {
      // Weak: whoever waits for a pool that ends without the call has to go with it.
      slot.assign([weak = std::weak_ptr(call)](asio::cancellation_type) {
        if (const auto waiting = weak.lock()) waiting->give_up();
      });
    }
    asio::post(executor, [call] { call->run(); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      std::move(start), asio::use_awaitable);
}

}  // namespace

asio::awaitable<void> detail::call_on(Pool& pool, std::function<void()> job) {
  return call(pool.get_executor(), std::move(job), true);
}

asio::awaitable<void> detail::call_on(Strand strand, std::function<void()> job) {
  return call(std::move(strand), std::move(job), false);
}

void Spawner::spawn(const char* name, asio::awaitable<void> task) {
  start(name, signals_.emplace(signals_.end()), std::move(task));
}

void Spawner::start(const char* name, Signals::iterator signal, asio::awaitable<void> task) {
  auto on_end = [this, name, signal](const std::exception_ptr& failure) {
    signals_.erase(signal);
    if (failure) report(name, failure);
  };
  asio::co_spawn(loop_, std::move(task),
                 asio::bind_cancellation_slot(signal->slot(), std::move(on_end)));
}

void Spawner::cancel_all() {
  // A handler may end at once and erase its signal: step on before emitting.
  for (auto it = signals_.begin(); it != signals_.end();) {
    auto& signal = *it++;
    signal.emit(asio::cancellation_type::terminal);
  }
}

}  // namespace keep
