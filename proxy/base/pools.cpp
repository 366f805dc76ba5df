#include "base/pools.hpp"

#include <exception>

#include "base/log.hpp"

namespace keep {

void Spawner::spawn(const char* name, asio::awaitable<void> task) {
  ++running_;
  auto on_end = [this, name](std::exception_ptr failure) {
    --running_;
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      log::error("background task failed", {{"task", name}, {"what", e.what()}});
    }
  };
  asio::co_spawn(loop_, std::move(task), std::move(on_end));
}

}  // namespace keep
