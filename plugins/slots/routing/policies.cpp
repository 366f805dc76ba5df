#include "plugins/slots/routing/policies.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace keep::slots {

std::vector<std::size_t> warm_then_roomiest(const SlotTables& tables, const Wish& wish) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const SlotTable* table = tables[i];
    if (table != nullptr && (!wish.slot || *wish.slot < table->size())) order.push_back(i);
  }
  if (order.size() < 2) return order;
  for (const std::size_t i : order) {
    const auto warm = wish.auxiliary ? std::nullopt : tables[i]->find_warm(wish.key);
    if (warm && (!wish.slot || *warm == *wish.slot)) return {i};
  }
  if (wish.slot) {
    order.resize(1);
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
