// Assigner: which slot a request gets. Pure.
//
// Order: the slot that is warm for its key; one whose prompt it shares so much of that this pays
// for what is lost there; a free one (the lowest); the victim of the policy among the cooling ones.
// Never a slot that is leased or in transition. A request whose warm slot is settling waits for it:
// that lasts one batch, rebuilding its cache much longer.
//
// Auxiliary calls (titles, tags) take the slot that served the last one, so that a run of them
// costs at most one conversation its place; a conversation may take that slot as any other.
#pragma once

#include "plugins/slots/table/kv_budget.hpp"
#include "plugins/slots/table/slot_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace keep::slots {

struct Wish {
  SlotKey key = 0;
  OwnerKey owner = 0;
  bool auxiliary = false;
  bool returning = false;  // a main thread that was served before
  openai::PromptTrail trail;
  std::optional<std::size_t> slot;  // the client named it: this one or none
};

struct Choice {
  enum class Kind {
    kTake,
    kWaitFor,  // `slot` and no other; others may pass
    kNone,     // nothing to be had, for any request without a claim to a certain slot
  };
  Kind kind = Kind::kNone;
  std::size_t slot = 0;
  bool warm = false;
};

// Slots with claimed[i] are kept for a request that came earlier. May be shorter than the table.
Choice choose_slot(const SlotTable& table, const Wish& wish, const std::vector<bool>& claimed,
                   const Victims& victims);

// Of a prompt with that trail, how many tokens the slot holds already; an estimate.
Tokens shared_tokens(const Slot& slot, const openai::PromptTrail& trail);

}  // namespace keep::slots
