// The keys of [hygiene] and its list of rules.
#pragma once

#include "base/config/section.hpp"
#include "plugins/hygiene/hygiene_settings.hpp"

#include <vector>

namespace keep::hygiene {

std::vector<config::Section<HygieneSettings>> sections();

}  // namespace keep::hygiene
