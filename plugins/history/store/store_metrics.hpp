// StoreMetrics: what the store exports. Handles only; see conversation_store.cpp for the writers.
#pragma once

#include "base/metrics.hpp"

namespace keep::history {

struct StoreMetrics {
  explicit StoreMetrics(Metrics& m)
      : conversations(m.gauge("history_conversations", "Conversations that are kept")),
        disk_bytes(m.gauge("history_disk_bytes", "Bytes of their files")),
        open(m.gauge("history_open_logs", "Conversations whose files are open")),
        open_bytes(m.gauge("history_open_bytes", "Memory that open conversations take")),
        damaged(m.counter("history_damaged_total", "Files that were set aside as unreadable")),
        evicted_quota(evicted(m, "quota")),
        evicted_ttl(evicted(m, "ttl")) {}

  Gauge conversations, disk_bytes, open, open_bytes;
  Counter damaged, evicted_quota, evicted_ttl;

 private:
  static Counter evicted(Metrics& m, const char* reason) {
    return m.counter("history_evicted_total", "Conversations that were deleted to make room",
                     {{"reason", reason}});
  }
};

}  // namespace keep::history
