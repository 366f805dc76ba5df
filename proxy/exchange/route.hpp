// Route: where an attempt goes, and the right to use a slot there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace keep {

// The right to use one slot. Move-only; the destructor gives it back. Loop thread only.
class SlotLease {
 public:
  SlotLease() = default;
  SlotLease(std::size_t upstream, int slot, std::function<void()> release)
      : upstream_(upstream), slot_(slot), release_(std::move(release)) {}
  SlotLease(SlotLease&& other) noexcept { *this = std::move(other); }
  SlotLease& operator=(SlotLease&& other) noexcept {
    reset();
    upstream_ = other.upstream_;
    slot_ = std::exchange(other.slot_, -1);
    release_ = std::exchange(other.release_, nullptr);
    return *this;
  }
  ~SlotLease() { reset(); }

  void reset() noexcept {
    if (auto release = std::exchange(release_, nullptr)) release();
    slot_ = -1;
  }
  bool held() const noexcept { return slot_ >= 0; }
  std::size_t upstream() const noexcept { return upstream_; }
  int slot() const noexcept { return slot_; }

 private:
  std::size_t upstream_ = 0;
  int slot_ = -1;
  std::function<void()> release_;
};

// What a server has to be to answer a request. Decided before the prompt is cut to a window.
struct ServerDemand {
  std::string model;        // as the client named it: counts where a server goes by that name
  std::int64_t window = 0;  // tokens that a slot has to give a prompt and its answer; 0: any
  std::vector<std::size_t> tried;  // have failed this request
};

struct Route {
  ServerDemand demand;       // core
  std::size_t upstream = 0;  // index into Services::upstreams; core, then slots
  SlotLease lease;           // not held: llama-server chooses
  bool warm = false;         // the slot held this conversation before
  // What upstream finds in its caches may be another tenant's: nobody is told how much it was.
  bool cache_untold = false;
};

}  // namespace keep
