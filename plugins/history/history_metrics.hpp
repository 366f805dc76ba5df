// HistoryMetrics: what the history plugin exports about requests; StoreMetrics has the files.
#pragma once

#include "base/metrics.hpp"

namespace keep::history {

struct HistoryMetrics {
  explicit HistoryMetrics(Metrics& m)
      : known(messages(m, "known")),
        added(messages(m, "added")),
        cuts(m.counter("zone_cuts_total", "Times the clear zone was moved forward")),
        overflows(m.counter("zone_overflows_total",
                            "Prompts that upstream found too long although they should have fit")),
        too_long(m.counter("zone_too_long_total", "Requests whose newest turn alone is too long")),
        fog(m.histogram("zone_fog_tokens", "Tokens of a conversation that were not sent",
                        {0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8})) {}

  Counter known, added, cuts, overflows, too_long;
  Histogram fog;

 private:
  static Counter messages(Metrics& m, const char* what) {
    return m.counter("history_messages_total", "Messages of requests and answers",
                     {{"record", what}});
  }
};

}  // namespace keep::history
