#include "plugins/slots/table/assigner.hpp"

#include <algorithm>

namespace keep::slots {

namespace {

bool is_claimed(const std::vector<bool>& claimed, std::size_t slot) {
  return slot < claimed.size() && claimed[slot];
}

template <class Predicate>
std::optional<std::size_t> find_slot(const SlotTable& table, const std::vector<bool>& claimed,
                                     Predicate wanted) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (!is_claimed(claimed, i) && wanted(table.at(i))) return i;
  }
  return std::nullopt;
}

// A slot of its own: named by the client, warm, or used by the last auxiliary call.
std::optional<std::size_t> own_slot(const SlotTable& table, const Wish& wish,
                                    const std::vector<bool>& claimed) {
  if (wish.slot) return wish.slot;
  if (wish.auxiliary) {
    return find_slot(table, claimed, [](const Slot& s) { return s.scratch && s.leasable(); });
  }
  return table.find_warm(wish.key);
}

// Below this a shared beginning is not worth a thought.
constexpr std::uint64_t kWorthSharing = 512;  // bytes

Tokens tokens_in(const Slot& slot, openai::PromptTrail::Shared part) {
  if (slot.text_bytes == 0) return 0;
  const double share = static_cast<double>(part.bytes) / static_cast<double>(slot.text_bytes);
  return static_cast<Tokens>(static_cast<double>(slot.held) * std::min(share, 1.0));
}

// What it costs to put the wish there, in tokens to be read again: less than nothing where it pays.
// What a slot holds beyond the shared part is lost for sure, but missed only if it comes back.
double cost_of(const Slot& slot, const Wish& wish, bool free_left) {
  if (slot.held <= 0) return 0;
  const openai::PromptTrail::Shared part = slot.trail.shared_with(wish.trail);
  const auto held = static_cast<double>(slot.held);
  const auto shared = static_cast<double>(tokens_in(slot, part));
  if (shared == 0 || part.bytes < kWorthSharing) return 0;
  // It goes on from all but the last message: the same conversation under another name.
  const std::size_t all = slot.trail.messages();
  const bool continues =
      part.messages >= 2 && part.messages + 1 >= all && wish.trail.messages() > all;
  const bool missed = slot.use == SlotUse::kCooling && !slot.scratch && !continues;
  double weight = 0;
  if (missed) weight = slot.returning ? 8 : (free_left ? 2 : 1);
  return weight * (held - shared) - shared;
}

std::optional<std::size_t> find_kin(const SlotTable& table, const Wish& wish,
                                    const std::vector<bool>& claimed) {
  if (wish.auxiliary || wish.trail.messages() == 0) return std::nullopt;
  const bool free_left = table.count(SlotUse::kFree) > 0;
  std::optional<std::size_t> best;
  double least = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (is_claimed(claimed, i) || !table.at(i).leasable()) continue;
    const double cost = cost_of(table.at(i), wish, free_left);
    if (cost >= least) continue;
    least = cost;
    best = i;
  }
  return best;
}

std::optional<std::size_t> choose_victim(const SlotTable& table, const std::vector<bool>& claimed,
                                         const Victims& victims) {
  std::vector<bool> cooling(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    cooling[i] = table.at(i).use == SlotUse::kCooling && !is_claimed(claimed, i);
  }
  return victims.choose(table, cooling);
}

}  // namespace

Tokens shared_tokens(const Slot& slot, const openai::PromptTrail& trail) {
  return tokens_in(slot, slot.trail.shared_with(trail));
}

Choice choose_slot(const SlotTable& table, const Wish& wish, const std::vector<bool>& claimed,
                   const Victims& victims) {
  Choice choice;
  const auto take = [&choice](std::size_t slot, bool warm) {
    choice.kind = Choice::Kind::kTake;
    choice.slot = slot;
    choice.warm = warm;
    return choice;
  };
  const auto own = own_slot(table, wish, claimed);
  if (own && *own < table.size() && (wish.slot || !is_claimed(claimed, *own))) {
    const Slot& slot = table.at(*own);
    if (slot.leasable() && !is_claimed(claimed, *own)) {
      return take(*own, wish.key != 0 && slot.key == wish.key);
    }
    if (wish.slot || slot.use == SlotUse::kSettling) {
      choice.kind = Choice::Kind::kWaitFor;
      choice.slot = *own;
      return choice;
    }
  }
  if (const auto kin = find_kin(table, wish, claimed)) return take(*kin, false);
  if (const auto free =
          find_slot(table, claimed, [](const Slot& s) { return s.use == SlotUse::kFree; })) {
    return take(*free, false);
  }
  if (const auto cooling = choose_victim(table, claimed, victims)) return take(*cooling, false);
  return choice;
}

}  // namespace keep::slots
