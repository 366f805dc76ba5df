#include "plugins/slots/wait_queue.hpp"

#include <algorithm>

namespace keep::slots {

void WaitQueue::push(Waiter& waiter) {
  waiter.queued = true;
  waiter.overtaken = 0;
  ++size_;
  for (Line& line : tenants_) {
    if (line.front()->tenant == waiter.tenant) {
      line.push_back(&waiter);
      return;
    }
  }
  tenants_.push_back(Line{&waiter});
}

void WaitQueue::remove(Waiter& waiter) noexcept {
  if (!waiter.queued) return;
  waiter.queued = false;
  --size_;
  for (auto line = tenants_.begin(); line != tenants_.end(); ++line) {
    const auto place = std::find(line->begin(), line->end(), &waiter);
    if (place == line->end()) continue;
    line->erase(place);
    if (line->empty()) tenants_.erase(line);
    return;
  }
}

void WaitQueue::take(std::size_t tenant, std::size_t place) {
  Line line = std::move(tenants_[tenant]);
  tenants_.erase(tenants_.begin() + static_cast<std::ptrdiff_t>(tenant));
  line[place]->queued = false;
  line.erase(line.begin() + static_cast<std::ptrdiff_t>(place));
  --size_;
  if (!line.empty()) tenants_.push_back(std::move(line));
}

}  // namespace keep::slots
