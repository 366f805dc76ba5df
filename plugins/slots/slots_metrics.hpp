// SlotsMetrics: what the slots plugin exports. Handles only; see admission.cpp for the writers.
#pragma once

#include "base/metrics.hpp"

namespace keep::slots {

struct SlotsMetrics {
  explicit SlotsMetrics(Metrics& m)
      : free(state(m, "free")),
        leased(state(m, "leased")),
        cooling(state(m, "cooling")),
        settling(state(m, "settling")),
        queue_depth(m.gauge("queue_depth", "Exchanges waiting for a slot")),
        queue_wait(
            m.histogram("queue_wait_seconds", "Time spent waiting for a slot", duration_buckets())),
        refused_full(refused(m, "full")),
        refused_late(refused(m, "deadline")),
        left_queue(m.counter("queue_left_total", "Clients that left while waiting for a slot")) {}

  Gauge free, leased, cooling, settling, queue_depth;
  Histogram queue_wait;
  Counter refused_full, refused_late, left_queue;

 private:
  static Gauge state(Metrics& m, const char* name) {
    return m.gauge("slots", "Slots of all upstreams by state", {{"state", name}});
  }
  static Counter refused(Metrics& m, const char* reason) {
    return m.counter("queue_refused_total", "Exchanges turned away by the queue",
                     {{"reason", reason}});
  }
};

}  // namespace keep::slots
