// Slots: picks the upstream and the slot of every request that a model answers, and queues what
// finds none. See admission.hpp for who waits and who is refused.
#pragma once

#include "exchange/plugin.hpp"
#include "plugins/slots/slots_settings.hpp"

#include <memory>

namespace keep::slots {

std::unique_ptr<Plugin> make_slots(SlotsSettings settings);

}  // namespace keep::slots
