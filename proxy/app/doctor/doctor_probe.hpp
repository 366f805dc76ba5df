// The pinning probe: does a conversation find its tokens again after another slot was used?
#pragma once

#include "app/doctor/doctor_collect.hpp"

namespace keep::doctor {

asio::awaitable<PinProbe> probe_pinning(Engine& engine, const EngineFacts& facts, bool force);

// The two slots to use: idle, and empty unless `force`. Empty optional: there are none.
std::optional<std::pair<int, int>> pick_slots(const std::vector<SlotState>& slots, bool force);

}  // namespace keep::doctor
