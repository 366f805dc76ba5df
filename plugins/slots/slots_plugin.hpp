// Slots: picks the upstream and the slot of every request that a model answers, and queues what
// finds none. See admission.hpp for who waits and who is refused.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "exchange/interfaces/tenancy.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"
#include "plugins/slots/slots_settings.hpp"

#include <memory>

namespace keep::slots {

// Lends who is told of conversations that are no more. `archive` is asked about what slots hold
// before it goes (no_archive(): it is lost), and outlives the plugin.
std::unique_ptr<LendingPlugin<ConversationObserver>> make_slots(const SlotsSettings& settings,
                                                                Services& services,
                                                                const Servers& servers,
                                                                const Tenancy& tenancy,
                                                                SlotArchive& archive);

}  // namespace keep::slots
