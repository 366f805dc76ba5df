// SlotTable: the slots of one llama-server: who is warm in each, how full it is, since when.
//
// Pure state machine: no clock (callers pass `now`), no I/O, loop thread only. Fixed size.
//
//   free      nobody we know is warm in it; it may still hold tokens
//   leased    one exchange uses it
//   cooling   warm for `key` (or for auxiliary calls), but nobody holds it
//   settling  llama-server may still be busy in it (aborted, or its state is unknown): not
//             leasable until seen idle
//   vacating  idle, but nobody's: what it holds is being kept or emptied by us
//
// Calls that name a lease or slot that is not in the state they need change nothing and say false:
// a release that comes twice, or after the server was restarted, is harmless.
#pragma once

#include "base/time/clock.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "openai/request/prompt_trail.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace keep::slots {

using SlotKey = std::uint64_t;   // hash of tenant, conversation, agent; 0: nobody
using LeaseId = std::uint64_t;   // never used twice; 0: none
using OwnerKey = std::uint64_t;  // hash of a tenant; 0: nobody we know
using Tokens = std::int64_t;

enum class SlotUse { kFree, kLeased, kCooling, kSettling, kVacating };

struct Slot {
  SlotUse use = SlotUse::kSettling;
  SlotKey key = 0;
  std::shared_ptr<const PromptOwner> whose;  // who `key` stands for; null when nobody told
  std::uint64_t conversation = 0;  // hash of the one that used it last; 0: nothing of it is left
  bool ended = false;              // holds something of one that has ended: to be emptied
  OwnerKey owner = 0;            // whose what it holds is, whether that is warm for anybody or not
  bool scratch = false;          // last used by an auxiliary call
  bool returning = false;        // its conversation is a main thread that has come back before
  bool suspect = true;           // settling: the server may have been restarted meanwhile
  Tokens held = 0;               // in its KV cache, as far as we know
  Tokens reserved = 0;           // leased: what the exchange may grow to; vacating: the next one
  std::uint64_t text_bytes = 0;  // of the texts that `held` came from; 0 when unknown
  openai::PromptTrail trail;     // of the prompt that `held` begins with; empty when unknown
  LeaseId lease = 0;
  Instant last_use{};
  std::uint64_t change = 0;  // grows with every transition: tells whether an observation is stale

  bool leasable() const noexcept { return use == SlotUse::kFree || use == SlotUse::kCooling; }
  bool unsettled() const noexcept { return use == SlotUse::kSettling || use == SlotUse::kVacating; }
  Tokens cells() const noexcept { return reserved > held ? reserved : held; }
};

struct LeaseTerms {
  LeaseId id = 0;
  SlotKey key = 0;
  std::shared_ptr<const PromptOwner> whose;
  std::uint64_t conversation = 0;
  OwnerKey owner = 0;
  bool scratch = false;
  bool returning = false;
  openai::PromptTrail trail;
  Tokens reserve = 0;
};

class SlotTable {
 public:
  SlotTable() = default;
  explicit SlotTable(std::size_t slots);  // all settling, suspect

  std::size_t size() const noexcept { return slots_.size(); }
  const Slot& at(std::size_t slot) const { return slots_.at(slot); }
  std::size_t count(SlotUse use) const noexcept { return counts_[index_of(use)]; }
  // Where `key` is warm: a leasable slot, the last used one of several; else a settling one; else
  // none, also when it is being used.
  std::optional<std::size_t> find_warm(SlotKey key) const noexcept;
  std::optional<std::size_t> find_lease(LeaseId lease) const noexcept;

  bool lease(std::size_t slot, const LeaseTerms& terms, Instant now);  // of a leasable slot
  bool reserve(LeaseId lease, Tokens tokens);
  bool release(LeaseId lease, Tokens held, std::uint64_t text_bytes, Instant now);  // -> cooling
  bool cancel(LeaseId lease);  // upstream was never asked: as it was before
  // Before upstream is asked: so many tokens of the lease's own were put into the slot; 0: what was
  // there is lost, and nothing known is in its place. That is what cancel() goes back to.
  bool restored(LeaseId lease, Tokens held);
  // Upstream may be busy with it -> settling. `begun`: it has read the prompt of this lease; else
  // what the slot holds may still be what its owner before has left there.
  bool abandon(LeaseId lease, bool begun, Instant now);

  // Idle at last, holding so many tokens -> cooling or free. A suspect slot that has lost its
  // tokens loses its key, too.
  bool settled(std::size_t slot, Tokens held);
  // A leasable slot -> vacating. `reserve`: what whoever gets it afterwards may grow to.
  bool begin_vacate(std::size_t slot, Tokens reserve = 0);
  bool vacated(std::size_t slot, Tokens filler = 0);  // emptied -> free, nothing of ours in it
  bool not_vacated(std::size_t slot);                 // it still holds what it held -> as it was
  // What the server says a leasable slot holds. True when its content is not what we left there;
  // it is nobody's then.
  bool observed(std::size_t slot, Tokens held);
  // That conversation has ended: it is warm nowhere any more, and slots that may hold something of
  // it are marked, also those that are in use: a lease that fills its slot takes the mark away, one
  // that is given back unused brings it back.
  void end(std::uint64_t conversation);
  bool not_erased(std::size_t slot);  // as not_vacated(), and the mark is gone
  bool holds_ended() const noexcept;  // whether there is a mark, or may be one again
  // An exchange of that slot may have filled any other: nobody knows whose they are.
  void disown_others(std::size_t slot);
  // The server may have been restarted: leasable slots -> settling, suspect.
  void suspect_all();

 private:
  static constexpr std::size_t index_of(SlotUse use) noexcept {
    return static_cast<std::size_t>(use);
  }
  Slot& change(std::size_t slot);
  void use_as(Slot& slot, SlotUse use) noexcept;  // the only way to change its use
  void name(Slot& slot, SlotKey key) noexcept;    // its key, here and in keys_
  void idle(Slot& slot);                          // to cooling or free by its content
  void restore(std::size_t slot);                 // to what it was before

  std::array<std::size_t, 5> counts_{};  // of slots by use
  std::vector<Slot> slots_;
  std::vector<SlotKey> keys_;  // of all slots, side by side: each request looks for one
  // Of a leased or vacating slot: what it was. Of one whose prompt may not have been read: what it
  // may still be. Else nothing that counts.
  std::vector<Slot> before_;
};

}  // namespace keep::slots
