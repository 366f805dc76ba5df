// The keys of [slots] and [admission].
#pragma once

#include "base/config/section.hpp"
#include "plugins/slots/slots_settings.hpp"

#include <vector>

namespace keep::slots {

std::vector<config::Section<SlotsSettings>> sections();

}  // namespace keep::slots
