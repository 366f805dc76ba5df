// RecallMetrics: what the recall plugin exports.
#pragma once

#include "base/metrics.hpp"

namespace keep::recall {

struct RecallMetrics {
  explicit RecallMetrics(Metrics& m)
      : injected(searches(m, "injected")),
        nothing(searches(m, "nothing")),
        passages(m.counter("recall_passages_total", "Passages put into prompts")),
        facts(m.counter("recall_facts_total", "Stored facts put into prompts")),
        seconds(m.histogram("recall_seconds", "Time to find passages, the index's work included",
                            overhead_buckets())) {}

  Counter injected, nothing, passages, facts;
  Histogram seconds;

 private:
  static Counter searches(Metrics& m, const char* result) {
    return m.counter("recall_searches_total", "Searches for what a turn is about",
                     {{"result", result}});
  }
};

}  // namespace keep::recall
