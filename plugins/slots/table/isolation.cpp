#include "plugins/slots/table/isolation.hpp"

#include "base/hash.hpp"

namespace keep::slots {

Reuse reuse_of(const Slot& slot, const Wish& wish, RamCache ram) noexcept {
  const bool own = slot.owner == wish.owner;
  if (ram == RamCache::kNone) return own ? Reuse::kAll : Reuse::kNothing;
  return own || wish.returning ? Reuse::kUntold : Reuse::kNothing;
}

OwnerKey owner_of(std::string_view tenant) noexcept { return hash64(tenant) | 1; }

}  // namespace keep::slots
