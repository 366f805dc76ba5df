// Isolation: how much of what llama-server has read before a request may find, so that neither
// counts nor times tell a tenant what another has asked. Pure.
//
// A slot is its owner's, the tenant who used it last: what it holds nobody else may find. A RAM
// cache (--cache-ram) is everybody's: it hands over the prompt that begins most like the one that
// is asked for, whoever's it was. `cache_prompt: false` keeps a request from both.
//
// llama-server looks into its RAM cache when less than half of what the slot holds begins the new
// prompt. Whether it does is not for us to know: a request that goes on from the last one, byte for
// byte, may be rendered as quite another prompt, because templates drop what was thought before,
// or move tools and instructions to the newest turn. So where there may be such a cache, a request
// that looks is not told what it found, in its tenant's own slot neither.
#pragma once

#include "plugins/slots/table/assigner.hpp"
#include "plugins/slots/table/slot_table.hpp"

#include <string_view>

namespace keep::slots {

enum class RamCache { kUnknown, kNone, kPresent };

enum class Reuse {
  kAll,      // there is nothing but the tenant's own to be found
  kUntold,   // its own is worth looking for, but it may find another's: it is not told how much
  kNothing,  // its own is not there
};

// For a request that is about to take the slot.
Reuse reuse_of(const Slot& slot, const Wish& wish, RamCache ram) noexcept;

OwnerKey owner_of(std::string_view tenant) noexcept;

}  // namespace keep::slots
