#include "plugins/history/store/disk_trouble.hpp"

#include "base/log.hpp"

namespace keep::history {

DiskTrouble::DiskTrouble(Metrics& metrics)
    : unwritten_(metrics.gauge("history_unwritten_bytes",
                               "What is in memory only because it could not be written")),
      lost_total_(metrics.counter("history_lost_messages_total",
                                  "Messages that could not be kept, not even in memory")) {}

void DiskTrouble::refused(std::uint64_t bytes, const std::string& why) {
  const bool before = any();
  refused_ = bytes;
  unwritten_.set(static_cast<double>(bytes));
  tell(before, why);
}

void DiskTrouble::lost(std::uint64_t messages, const std::string& why) {
  const bool before = any();
  lost_ += messages;
  lost_lately_ = true;
  lost_total_.add(static_cast<double>(messages));
  tell(before, why);
}

void DiskTrouble::written() {
  const bool before = any();
  lost_lately_ = false;
  tell(before, {});
}

void DiskTrouble::tell(bool before, const std::string& why) const {
  if (!before && any()) log::error("conversations cannot be written", {{"why", why}});
  if (before && !any()) log::info("conversations are written again", {{"lost", lost_}});
}

}  // namespace keep::history
