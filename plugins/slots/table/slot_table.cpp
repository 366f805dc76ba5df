#include "plugins/slots/table/slot_table.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace keep::slots {

namespace {

// Our sum of prompt and output may be off by the last sampled token and the like.
constexpr Tokens kTolerance = 8;

void forget_text(Slot& s) {
  s.text_bytes = 0;
  s.trail = {};
}

}  // namespace

SlotTable::SlotTable(std::size_t slots) : slots_(slots), keys_(slots), before_(slots) {
  counts_[index_of(SlotUse::kSettling)] = slots;
}

std::optional<std::size_t> SlotTable::find_warm(SlotKey key) const noexcept {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; key != 0 && i < keys_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (keys_[i] != key || slot.use == SlotUse::kLeased) continue;
    const auto rank = [](const Slot& s) { return std::make_pair(s.leasable(), s.last_use); };
    if (!best || rank(slots_[*best]) < rank(slot)) best = i;
  }
  return best;
}

std::optional<std::size_t> SlotTable::find_lease(LeaseId lease) const noexcept {
  if (lease == 0) return std::nullopt;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].lease == lease) return i;
  }
  return std::nullopt;
}

Slot& SlotTable::change(std::size_t slot) {
  Slot& s = slots_.at(slot);
  ++s.change;
  return s;
}

void SlotTable::use_as(Slot& s, SlotUse use) noexcept {
  --counts_[index_of(s.use)];
  ++counts_[index_of(use)];
  s.use = use;
}

void SlotTable::name(Slot& s, SlotKey key) noexcept {
  s.key = key;
  keys_[static_cast<std::size_t>(&s - slots_.data())] = key;
}

void SlotTable::restore(std::size_t slot) {
  Slot& s = change(slot);
  Slot before = before_[slot];
  before.change = s.change;
  use_as(s, before.use);
  s = before;
  name(s, before.key);
}

void SlotTable::idle(Slot& s) {
  const bool worth_keeping = s.held > 0 && (s.key != 0 || s.scratch);
  use_as(s, worth_keeping ? SlotUse::kCooling : SlotUse::kFree);
  if (!worth_keeping) {
    name(s, 0);
    s.scratch = false;
    s.returning = false;
  }
  s.suspect = false;
  s.lease = 0;
  s.reserved = 0;
}

bool SlotTable::lease(std::size_t slot, const LeaseTerms& terms, Instant now) {
  if (slot >= size() || !slots_[slot].leasable() || terms.id == 0) return false;
  Slot& s = change(slot);
  before_[slot] = s;
  if (s.key != terms.key || terms.key == 0) {
    s.held = 0;  // what is there will be overwritten
    s.text_bytes = 0;
  }
  use_as(s, SlotUse::kLeased);
  // A conversation is warm in one place: the newest.
  for (std::size_t i = 0; terms.key != 0 && i < keys_.size(); ++i) {
    if (keys_[i] != terms.key || i == slot || slots_[i].use != SlotUse::kCooling) continue;
    Slot& other = change(i);
    name(other, 0);
    use_as(other, SlotUse::kFree);
  }
  name(s, terms.key);
  s.whose = terms.whose;
  s.conversation = terms.conversation;
  s.ended = false;
  s.owner = terms.owner;
  s.scratch = terms.scratch;
  s.returning = terms.returning;
  s.trail = terms.trail;
  s.reserved = terms.reserve;
  s.lease = terms.id;
  s.last_use = now;
  return true;
}

bool SlotTable::reserve(LeaseId lease, Tokens tokens) {
  const auto slot = find_lease(lease);
  if (!slot) return false;
  change(*slot).reserved = tokens;
  return true;
}

bool SlotTable::release(LeaseId lease, Tokens held, std::uint64_t text_bytes, Instant now) {
  const auto slot = find_lease(lease);
  if (!slot) return false;
  Slot& s = change(*slot);
  s.held = held;
  s.text_bytes = text_bytes;
  s.last_use = now;
  before_[*slot] = Slot();  // overwritten
  idle(s);
  return true;
}

bool SlotTable::cancel(LeaseId lease) {
  const auto slot = find_lease(lease);
  if (!slot) return false;
  restore(*slot);
  return true;
}

bool SlotTable::restored(LeaseId lease, Tokens held) {
  const auto slot = find_lease(lease);
  if (!slot) return false;
  Slot& s = change(*slot);
  s.held = held;
  s.text_bytes = 0;
  Slot& before = before_[*slot];
  before = Slot();
  before.use = SlotUse::kFree;
  before.suspect = false;
  before.last_use = s.last_use;
  before.held = held;
  before.conversation = s.conversation;
  before.ended = s.ended;
  if (held <= 0 || s.key == 0) return true;
  before.use = SlotUse::kCooling;
  before.key = s.key;
  before.whose = s.whose;
  before.owner = s.owner;
  before.returning = s.returning;
  return true;
}

bool SlotTable::abandon(LeaseId lease, bool begun, Instant now) {
  const auto slot = find_lease(lease);
  if (!slot) return false;
  Slot& s = change(*slot);
  s.held = s.cells();  // until the server tells
  Slot& before = before_[*slot];
  if (begun) {
    before = Slot();  // overwritten
  } else {            // the prompt may not have been read: then it holds what it held
    if (s.owner != before.owner) s.owner = 0;
    s.whose = s.key == before.key ? before.whose : nullptr;
    s.ended = s.ended || before.ended;
  }
  s.reserved = 0;
  s.text_bytes = 0;
  s.lease = 0;
  use_as(s, SlotUse::kSettling);
  s.suspect = false;
  s.last_use = now;
  return true;
}

bool SlotTable::settled(std::size_t slot, Tokens held) {
  if (slot >= size() || slots_[slot].use != SlotUse::kSettling) return false;
  Slot& s = change(slot);
  if (s.suspect && held * 2 < s.held) {
    name(s, 0);
    s.scratch = false;
    before_[slot] = Slot();
  }
  if (held != s.held) forget_text(s);
  s.held = held;
  idle(s);
  return true;
}

bool SlotTable::begin_vacate(std::size_t slot, Tokens reserve) {
  if (slot >= size() || !slots_[slot].leasable()) return false;
  Slot& s = change(slot);
  before_[slot] = s;
  use_as(s, SlotUse::kVacating);
  s.reserved = reserve;
  name(s, 0);  // its conversation need not wait for it: nothing will be left
  return true;
}

bool SlotTable::vacated(std::size_t slot, Tokens filler) {
  if (slot >= size() || slots_[slot].use != SlotUse::kVacating) return false;
  Slot& s = change(slot);
  s.held = filler;
  s.owner = 0;
  s.conversation = 0;
  s.ended = false;
  before_[slot] = Slot();
  forget_text(s);
  s.scratch = false;
  idle(s);
  return true;
}

bool SlotTable::not_vacated(std::size_t slot) {
  if (slot >= size() || slots_[slot].use != SlotUse::kVacating) return false;
  restore(slot);
  // Its conversation may have moved on meanwhile.
  Slot& s = slots_[slot];
  const auto elsewhere = std::count_if(slots_.begin(), slots_.end(), [&s](const Slot& other) {
    return s.key != 0 && &other != &s && other.key == s.key;
  });
  if (elsewhere > 0) name(s, 0);
  idle(s);
  return true;
}

bool SlotTable::observed(std::size_t slot, Tokens held) {
  if (slot >= size() || !slots_[slot].leasable()) return false;
  const bool ours = std::abs(slots_[slot].held - held) <= kTolerance;
  Slot& s = change(slot);
  s.held = held;
  if (!ours) {
    name(s, 0);
    s.owner = 0;
    s.scratch = false;
    before_[slot] = Slot();
    forget_text(s);
  }
  idle(s);
  return !ours;
}

bool SlotTable::not_erased(std::size_t slot) {
  if (!not_vacated(slot)) return false;
  slots_[slot].ended = false;
  before_[slot] = Slot();
  return true;
}

bool SlotTable::holds_ended() const noexcept {
  return std::ranges::any_of(slots_, &Slot::ended) || std::ranges::any_of(before_, &Slot::ended);
}

void SlotTable::end(std::uint64_t conversation) {
  const auto forget = [conversation](Slot& s) {
    if (s.conversation != conversation) return false;
    s.key = 0;
    s.whose.reset();
    s.ended = true;
    forget_text(s);
    return true;
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& s = slots_[i];
    const bool used = s.use == SlotUse::kLeased || s.use == SlotUse::kVacating;
    const bool may_hold_it = forget(before_[i]) && !used;  // see abandon()
    const bool holds_it = forget(s);
    name(s, s.key);
    if (!holds_it && !may_hold_it) continue;
    s.ended = true;
    ++s.change;
    if (s.leasable()) idle(s);
  }
}

void SlotTable::disown_others(std::size_t slot) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (i == slot) continue;
    change(i).owner = 0;
    before_[i].owner = 0;  // which it may come back to
  }
}

void SlotTable::suspect_all() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].leasable() && slots_[i].use != SlotUse::kSettling) continue;
    Slot& s = change(i);
    use_as(s, SlotUse::kSettling);
    s.suspect = true;
  }
}

}  // namespace keep::slots
