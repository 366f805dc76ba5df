// The keys of [tier].
#pragma once

#include "base/config/section.hpp"
#include "plugins/tier/tier_settings.hpp"

#include <vector>

namespace keep::tier {

std::vector<config::Section<TierSettings>> sections();

}  // namespace keep::tier
