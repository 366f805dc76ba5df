// Admission: who may use a slot now, who waits, who is turned away.
//
// One request per slot: llama-server's own queue is neither fair nor does it forget requests whose
// client has left. Loop thread only. The queue is bounded (Fault::kOverload beyond it) and every
// wait has a deadline (also kOverload). A waiter whose coroutine is cancelled or destroyed leaves
// the queue, and gives back what it was granted in the same instant.
//
// A grant takes effect once its slot is ready: what others have there, or had to give up, is kept
// by the archive if it wants that, and what the archive has of the one who comes is brought back.
// Both are bounded, and neither can fail a grant. Who leaves meanwhile leaves the slot as it was,
// or warm with what was brought back.
#pragma once

#include "base/async/maybe_task.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "exchange/interfaces/tenancy.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/route.hpp"
#include "plugins/slots/live/slot_contents.hpp"
#include "plugins/slots/live/slot_watch.hpp"
#include "plugins/slots/routing/policies.hpp"
#include "plugins/slots/slots_metrics.hpp"
#include "plugins/slots/slots_settings.hpp"
#include "plugins/slots/table/assigner.hpp"
#include "plugins/slots/table/isolation.hpp"
#include "plugins/slots/table/wait_queue.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace keep::slots {

struct Ask {
  std::string tenant;
  Wish wish;
  std::shared_ptr<const PromptOwner> whose;  // who wish.key stands for; null: nobody
  std::uint64_t conversation = 0;            // hash of it, whichever agent asks
  ServerDemand demand;
  bool seen_before = false;  // llama-server's RAM cache may hold it
  bool spreads = false;      // llama-server gives it more slots than the one it is pinned to
  PromptText text;
  std::optional<Tokens> prompt;  // its length, where somebody knows better than by the text
  std::optional<std::int64_t> max_tokens;
  // Told the position in the queue, 1 for the next, when it has to wait. May be empty.
  std::function<void(std::size_t position)> on_queued;
};

struct Grant {
  SlotLease lease;  // its end without finish() counts as kBroken
  LeaseId id = 0;
  bool warm = false;
  Tokens restored = 0;  // an archive has put so many of the prompt's tokens into the slot
  bool pinned = true;   // false: llama-server chooses; the lease only counts
  Reuse reuse = Reuse::kAll;
  Tokens reserved = 0;
};

// How an exchange ended, for the table.
struct Ending {
  enum class Kind {
    kUnused,  // upstream was not asked
    kClean,   // answered to the end: the slot is idle and holds `held` tokens
    kBroken,  // aborted, or unknown: llama-server may still be busy
  };
  Kind kind = Kind::kBroken;
  Tokens held = 0;
  std::uint64_t answer_bytes = 0;  // of the text among the held tokens that the model wrote
  Duration grace{};                // kBroken: see SlotWatch::settle
  bool begun = false;              // kBroken: upstream has read the prompt
  bool look_again = false;         // other slots may not hold what we think
};

class Admission : public std::enable_shared_from_this<Admission> {
 public:
  Admission(Services& services, const Servers& servers, const Tenancy& tenancy,
            const SlotsSettings& settings, SlotArchive& archive);
  void start();

  // Waits for a slot and for room in the KV cache; the slots given up for it are empty by then.
  // Suspends at most settings.queue_timeout. Fault::kRefused, too, when no server that is up, or
  // coming up, suits the demand any more: another one may.
  MaybeTask<Grant> acquire(Ask ask);
  // The prompt has been counted, or the answer has grown: what is set aside for the lease follows,
  // and idle slots are given up when the pool is short. Both say what is set aside now.
  Tokens prompt_known(LeaseId id, Tokens prompt, std::optional<std::int64_t> max_tokens);
  Tokens grown(LeaseId id, Tokens tokens);
  // Once per grant; a later end of the lease, or an unknown id, is ignored.
  void finish(LeaseId id, const Ending& ending);
  Task<> wait_idle(LeaseId id);
  // The conversation with that hash has ended: what it has left in slots is erased, warm or not; in
  // a slot that is busy once it is idle, unless somebody has overwritten it by then.
  void end(std::uint64_t conversation);

  // Slots of the largest upstream that is up; 0 when none is, or none tells.
  std::size_t slots_up() const;
  std::size_t waiting() const noexcept { return queue_.size(); }

 private:
  struct Pending;
  struct Lease {
    std::size_t upstream = 0, slot = 0;
    PromptText text;
    bool spreads = false;
    std::size_t steps = 0;  // under way before the waiter may go: slots that are made ready
    std::optional<WantedPrompt> bring_back;  // after them
    bool prime = false;                      // if nothing came back
    bool restoring = false;                  // an archive is at work in its slot
    Pending* waiter = nullptr;               // until it has taken the grant, or has left
  };
  struct Plan {
    std::size_t upstream = 0;
    Choice choice;
    Tokens reserve = 0;
    std::vector<std::size_t> give_up;
    Reuse reuse = Reuse::kAll;
    bool prime = false;  // before it is pinned there
    bool keep = false;   // what the slot holds of somebody else
    std::optional<WantedPrompt> bring_back;
  };
  using Claims = std::vector<std::vector<bool>>;

  void pump();
  void upstream_changed(std::size_t upstream);
  Task<Grant> wait_for_grant(std::unique_ptr<Pending> pending, Instant since);
  Grant take_grant(Pending& waiter, Instant since);
  Offer offer(Pending& waiter, Claims& claims);
  Victims victims_in(std::size_t upstream) const;
  bool make_room(const Ask& ask, Plan& plan, const Victims& victims);
  void grant(Pending& waiter, const Plan& plan);
  void make_ready(LeaseId id, const Plan& plan);
  void take_slot(LeaseId id);
  void step_done(LeaseId id);
  void bring_back(LeaseId id, Lease& lease, WantedPrompt prompt);
  void brought_back(LeaseId id, std::optional<Tokens> held);
  void set_aside(LeaseId id, Tokens tokens);
  void upstream_rebuilt(std::size_t upstream);
  void give_back(LeaseId id) noexcept;
  Error late() const;
  void publish();

  Services& services_;
  Upstreams& upstreams_;
  const Tenancy& tenancy_;
  SlotsSettings settings_;
  std::shared_ptr<SlotWatch> watch_;
  std::shared_ptr<SlotContents> contents_;
  SlotsMetrics metrics_;
  RoutingPolicy routing_ = warm_then_roomiest;
  WaitQueue queue_;
  std::map<LeaseId, Lease> leases_;
  LeaseId last_lease_ = 0;
  bool pumping_ = false, pump_again_ = false;
};

}  // namespace keep::slots
