// Isolation: how much of what llama-server has read before a request may find, so that neither
// counts nor times tell a tenant what another has asked. Pure.
//
// A slot is its owner's, the tenant who used it last: what it holds nobody else may find. A RAM
// cache (--cache-ram) is everybody's: it hands over the prompt that begins most like the one that
// is asked for, whoever's it was. `cache_prompt: false` keeps a request from both.
#pragma once

#include "plugins/slots/assigner.hpp"
#include "plugins/slots/slot_table.hpp"

#include <cstdint>
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
// Of what in the body may shape its prompt, but for the messages: two prompts with the same
// messages and the same hash begin alike also when they are rendered.
std::uint64_t settings_hash(const openai::ChatRequest& chat) noexcept;

}  // namespace keep::slots
