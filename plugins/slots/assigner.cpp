#include "plugins/slots/assigner.hpp"

#include <algorithm>
#include <tuple>

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

}  // namespace

Choice choose_slot(const SlotTable& table, const Wish& wish, const std::vector<bool>& claimed,
                   const VictimPolicy& victim) {
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
  if (const auto free =
          find_slot(table, claimed, [](const Slot& s) { return s.use == SlotUse::kFree; })) {
    return take(*free, false);
  }
  if (const auto cooling = choose_victim(table, claimed, victim)) return take(*cooling, false);
  return choice;
}

std::optional<std::size_t> choose_victim(const SlotTable& table, const std::vector<bool>& claimed,
                                         const VictimPolicy& victim) {
  std::vector<bool> cooling(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    cooling[i] = table.at(i).use == SlotUse::kCooling && !is_claimed(claimed, i);
  }
  return victim(table, cooling);
}

std::vector<std::size_t> rank_upstreams(const std::vector<const SlotTable*>& tables,
                                        const Wish& wish) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const SlotTable* table = tables[i];
    if (table == nullptr || (wish.slot && *wish.slot >= table->size())) continue;
    const auto warm = wish.auxiliary ? std::nullopt : table->find_warm(wish.key);
    if (warm && (!wish.slot || *warm == *wish.slot)) return {i};
    order.push_back(i);
  }
  if (wish.slot) {
    if (order.size() > 1) order.resize(1);
    return order;
  }
  const auto room = [&tables](std::size_t i) {
    const std::size_t free = tables[i]->count(SlotUse::kFree);
    return std::make_tuple(free, free + tables[i]->count(SlotUse::kCooling));
  };
  std::stable_sort(order.begin(), order.end(),
                   [&room](std::size_t a, std::size_t b) { return room(a) > room(b); });
  return order;
}

}  // namespace keep::slots
