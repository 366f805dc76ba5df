// WaitQueue: requests waiting for a slot: first come, first served within a tenant, round robin
// between tenants.
//
// Pure, loop thread only. Holds pointers: a waiter belongs to whoever waits and takes itself
// out (remove) before it goes. Full: waiters that are granted at once do not count, so grant
// first and then ask over_full(). A tenant of whom nobody waits finds a place also then, until
// there are twice as many as places: nobody else can take all of them.
//
// grant_one offers waiters in order and takes out the first that can be served:
//
//   kGranted  served
//   kPass     it waits for one certain slot; whoever is behind it may go on
//   kHold     it waits for room in the KV cache. Its tenant waits behind it. Other tenants may
//             overtake it kMaxOvertakes times; from then on everybody waits, so that small requests
//             cannot starve a large one
//   kStop     nobody can be served
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace keep::slots {

enum class Offer { kGranted, kPass, kHold, kStop };

struct Waiter {
  explicit Waiter(std::string t) : tenant(std::move(t)) {}
  std::string tenant;
  int overtaken = 0;  // written by the queue
  bool queued = false;
};

class WaitQueue {
 public:
  static constexpr int kMaxOvertakes = 8;

  explicit WaitQueue(std::size_t capacity) : capacity_(capacity) {}

  void push(Waiter& waiter);             // behind the others of its tenant
  void remove(Waiter& waiter) noexcept;  // nothing when it is not queued
  std::size_t size() const noexcept { return size_; }
  // Of one that is queued: 1 for the next to be served, as long as nobody comes or is passed.
  std::size_t position(const Waiter& waiter) const noexcept;
  // Whether there is no place for the waiter, which was pushed last.
  bool over_full(const Waiter& waiter) const noexcept;

  template <class Fn>
  void for_each(Fn&& fn) const {
    for (const Line& line : tenants_) {
      for (Waiter* waiter : line) fn(*waiter);
    }
  }

  // `offer(Waiter&) -> Offer`. True when one was granted; its tenant goes to the end of the round.
  template <class Fn>
  bool grant_one(Fn&& offer) {
    std::vector<Waiter*> held;
    for (std::size_t t = 0; t < tenants_.size(); ++t) {
      // By index: an offer may not touch the queue, but this costs nothing.
      for (std::size_t w = 0; w < tenants_[t].size(); ++w) {
        Waiter& waiter = *tenants_[t][w];
        const Offer answer = offer(waiter);
        if (answer == Offer::kPass) continue;
        if (answer == Offer::kGranted) {
          for (Waiter* other : held) ++other->overtaken;
          take(t, w);
          return true;
        }
        if (answer == Offer::kStop || waiter.overtaken >= kMaxOvertakes) return false;
        held.push_back(&waiter);
        break;
      }
    }
    return false;
  }

 private:
  using Line = std::vector<Waiter*>;  // of one tenant, never empty
  void take(std::size_t tenant, std::size_t place);

  std::size_t capacity_, size_ = 0;
  std::deque<Line> tenants_;  // in the order of the round
};

}  // namespace keep::slots
