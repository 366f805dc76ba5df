// SlotWatch: the slot tables of all upstreams, and looking after them: waiting until an aborted
// slot is idle, comparing a table with what the server says.
//
// Loop thread only. Background work runs in the Spawner and keeps the watch alive. A slot always
// comes back: one that the server calls busy for kSettleLimit is handed out with a warning
// (llama-server then makes the next request wait).
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "plugins/slots/table/isolation.hpp"
#include "plugins/slots/table/slot_table.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace keep::slots {

struct UpstreamSlots {
  SlotTable table;
  Tokens pool = 0;          // 0: no budget
  bool pool_given = false;  // by the configuration
  // It saves and empties idle slots at each request (its RAM cache, a unified pool and no
  // --no-cache-idle-slots). Pinning would only keep it from finding again what it saved.
  bool clears_idle = false;
  RamCache ram = RamCache::kUnknown;  // asked only where tenants are kept apart
};

class SlotWatch : public std::enable_shared_from_this<SlotWatch> {
 public:
  static constexpr std::chrono::milliseconds kPoll{20}, kPollFailed{200};
  static constexpr std::chrono::seconds kSettleLimit{10};
  // For servers without /slots: an abort takes a token step, or one batch of a prefill.
  static constexpr std::chrono::seconds kBlindSettle{1};

  struct Events {
    std::function<void()> room;                // a slot or cells may have become available
    std::function<void(std::size_t)> rebuilt;  // all leases of that upstream are void
    std::function<void(std::size_t)> changed;  // that upstream, or whom it suits
  };

  SlotWatch(Services& services, const Servers& servers);
  void start(Events events);

  std::size_t size() const noexcept { return states_.size(); }
  UpstreamSlots& at(std::size_t upstream) { return states_.at(upstream).slots; }
  // Of the table of that upstream: another one whenever it is made anew.
  std::uint64_t generation(std::size_t upstream) const { return states_.at(upstream).generation; }
  // Null for an upstream that is down or has told nothing about its slots.
  const SlotTable* table_up(std::size_t upstream) const;
  std::vector<const SlotTable*> tables() const;  // of all

  // Watches a slot just abandoned until it is idle. What is seen within `grace` may be the idle
  // state before the aborted request began, unless it is seen busy first.
  void settle(std::size_t upstream, std::size_t slot, Duration grace);
  // Compares idle slots with what the server says they hold.
  void refresh(std::size_t upstream);
  // An answer has ended: compares until it is clear whether this server's idle slots keep what they
  // hold.
  void answered(std::size_t upstream);
  // Until the slot is idle, for its own holder. An Error after kSettleLimit.
  Task<> wait_idle(std::size_t upstream, std::size_t slot);

  void upstream_changed(std::size_t upstream);

 private:
  struct Settling {
    Instant since{}, from{};
    bool seen_busy = false;
  };
  struct State {
    UpstreamSlots slots;
    ServerProps props;
    bool healthy = false;
    bool watching = false, refresh = false;
    bool compared = false;  // idle slots were seen to keep what they hold, or cannot be seen
    int losses = 0;         // comparisons in a row that found nothing else
    std::uint64_t generation = 0;
    std::vector<Settling> settling;
  };
  struct Comparison {  // of idle slots with what the server says
    Tokens held_before = 0, lost = 0;
    int kept = 0, at_work = 0;  // slots
    bool untold = false;        // the server does not tell what a slot holds
  };
  struct Snapshot {  // taken before asking, so that answers about the past can be told
    std::uint64_t generation = 0;
    bool refresh = false;
    std::vector<std::uint64_t> changes;
  };

  static asio::awaitable<void> watch(std::shared_ptr<SlotWatch> self, std::size_t upstream);
  asio::awaitable<bool> look(std::size_t upstream);  // false: the server could not be asked

  void rebuild(std::size_t upstream);
  void watch_settling(std::size_t upstream);
  void spawn_watch(std::size_t upstream);
  bool needs_look(const State& state) const noexcept;
  Snapshot snapshot(const State& state) const;
  void apply(State& state, const Snapshot& before, const std::vector<SlotState>& seen);
  void apply_settling(State& state, const SlotState& seen);
  void expire(State& state, Duration limit, const char* why);
  void learn(State& state, const Comparison& seen);

  Services& services_;
  const Servers& servers_;
  std::vector<State> states_;
  Events events_;
};

}  // namespace keep::slots
