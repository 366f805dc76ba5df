// A waiting acquire(), for the files of Admission alone: lives in the frame of what waits, so it
// leaves however that ends.
#pragma once

#include "plugins/slots/live/admission.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace keep::slots {

struct Admission::Pending : Waiter {
  Pending(std::shared_ptr<Admission> a, Ask what)
      : Waiter(what.tenant),
        admission(std::move(a)),
        ask(std::move(what)),
        timer(admission->services_.loop) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    admission->queue_.remove(*this);
    if (grant.id != 0) admission->give_back(grant.id);
    admission->publish();
  }
  void wake() { timer.cancel(); }

  std::shared_ptr<Admission> admission;
  Ask ask;
  asio::steady_timer timer;
  Grant grant;            // id is set once granted
  bool ready = false;     // and its slot, and those given up for it, are
  bool stranded = false;  // no server suits it any more
};

}  // namespace keep::slots
