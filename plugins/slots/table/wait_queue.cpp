#include "plugins/slots/table/wait_queue.hpp"

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
  tenants_.emplace_back(1, &waiter);
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

bool WaitQueue::over_full(const Waiter& waiter) const noexcept {
  if (size_ <= capacity_) return false;
  const auto is_own = [&](const Line& line) { return line.front()->tenant == waiter.tenant; };
  const auto own = std::ranges::find_if(tenants_, is_own);
  return size_ > 2 * capacity_ || own == tenants_.end() || own->size() > 1;
}

// Each round serves one of every tenant: those in front of its tenant have had one more turn.
std::size_t WaitQueue::position(const Waiter& waiter) const noexcept {
  const auto is_own = [&](const Line& line) { return line.front()->tenant == waiter.tenant; };
  const auto own = std::ranges::find_if(tenants_, is_own);
  if (own == tenants_.end()) return 0;
  const auto place = std::find(own->begin(), own->end(), &waiter);
  const auto before = static_cast<std::size_t>(place - own->begin());
  std::size_t position = before + 1;
  for (auto line = tenants_.begin(); line != tenants_.end(); ++line) {
    if (line != own) position += std::min(line->size(), line < own ? before + 1 : before);
  }
  return position;
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
