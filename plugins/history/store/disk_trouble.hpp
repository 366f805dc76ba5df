// DiskTrouble: whether what is said cannot be written at the moment. Tells the log when that begins
// and when it is over, the metrics all the time. Loop thread only.
#pragma once

#include "base/metrics.hpp"

#include <cstdint>
#include <string>

namespace keep::history {

class DiskTrouble {
 public:
  explicit DiskTrouble(Metrics& metrics);

  // How much is in memory because the disk refused it; `why` it last did.
  void refused(std::uint64_t bytes, const std::string& why);
  void lost(std::uint64_t messages, const std::string& why);  // not kept at all
  void written();                                             // something was, as it should be

  bool any() const noexcept { return refused_ > 0 || lost_lately_; }
  std::uint64_t refused_bytes() const noexcept { return refused_; }
  std::uint64_t lost_messages() const noexcept { return lost_; }

 private:
  void tell(bool before, const std::string& why) const;

  Gauge unwritten_;
  Counter lost_total_;
  std::uint64_t refused_ = 0, lost_ = 0;
  bool lost_lately_ = false;  // since something was written
};

}  // namespace keep::history
