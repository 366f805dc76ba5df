// The keys of [identity].
#pragma once

#include "base/config/section.hpp"
#include "plugins/identify/identify_settings.hpp"

#include <vector>

namespace keep::identify {

std::vector<config::Section<IdentifySettings>> sections();

}  // namespace keep::identify
