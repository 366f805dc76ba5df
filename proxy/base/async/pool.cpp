#include "base/async/pool.hpp"

#include <algorithm>

namespace keep {

Pool::Pool(std::size_t threads) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    Worker& worker = workers_.emplace_back();
    worker.thread = std::thread([this, &worker] { work(worker); });
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    dropping_ = true;
  }
  end_workers();
  queue_.clear();
  shutdown();  // the strands' service: before the members above go
  destroy();
}

void Pool::join() {
  {
    const std::lock_guard lock(mutex_);
    joining_ = true;
  }
  end_workers();
}

void Pool::end_workers() {
  std::vector<Worker*> asleep;
  {
    const std::lock_guard lock(mutex_);
    asleep.swap(idle_);
    for (Worker* const worker : asleep) worker->woken = true;
  }
  for (Worker* const worker : asleep) worker->wake.notify_one();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

void Pool::post(std::unique_ptr<Job> job) {
  Worker* sleeper = nullptr;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
    if (!idle_.empty()) {
      sleeper = idle_.back();
      idle_.pop_back();
      sleeper->woken = true;
    }
  }
  if (sleeper != nullptr) sleeper->wake.notify_one();
}

void Pool::work(Worker& self) {
  std::unique_lock lock(mutex_);
  while (!dropping_) {
    if (!queue_.empty()) {
      std::unique_ptr<Job> job = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      job->run();
      job.reset();
      lock.lock();
    } else if (joining_) {
      return;
    } else {
      self.woken = false;
      idle_.push_back(&self);
      self.wake.wait(lock, [&self] { return self.woken; });
    }
  }
}

}  // namespace keep
