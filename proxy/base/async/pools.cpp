#include "base/async/pools.hpp"

#include "base/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>

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

}  // namespace

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
