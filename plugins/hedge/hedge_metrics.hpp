// HedgeMetrics: what the hedge plugin exports.
#pragma once

#include "base/metrics.hpp"

namespace keep::hedge {

struct HedgeMetrics {
  explicit HedgeMetrics(Metrics& m)
      : detected(m.counter("hedge_detected_total", "Hedging phrases seen in answers")),
        held(m.counter("hedge_held_events_total",
                       "Events of answers that waited because a phrase might begin in them")),
        searched(m.counter("hedge_searches_total", "Searches because of a hedging phrase")),
        resubmitted(m.counter("resubmits_total", "Answers stopped and given anew")),
        rescued(m.counter("hedge_rescued_total",
                          "Answers that came to their end without hedging after a resubmit")),
        withdrawn(m.counter("hedge_withdrawn_total",
                            "Resubmits that failed: the first answer went on instead")),
        wasted_tokens(m.counter("hedge_wasted_tokens_total",
                                "Tokens generated and withheld from the client")),
        added_seconds(m.histogram("hedge_added_seconds",
                                  "Time that resubmits added to an answer, before it went on",
                                  overhead_buckets())) {}

  Counter detected, held, searched, resubmitted, rescued, withdrawn, wasted_tokens;
  Histogram added_seconds;
};

}  // namespace keep::hedge
