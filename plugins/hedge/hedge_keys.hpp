// The keys of [hedge].
#pragma once

#include "base/config/section.hpp"
#include "plugins/hedge/hedge_settings.hpp"

#include <vector>

namespace keep::hedge {

std::vector<config::Section<HedgeSettings>> sections();

}  // namespace keep::hedge
