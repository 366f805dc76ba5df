// The configuration keys of every plugin, from the table that each of them has beside its settings.
#pragma once

#include "base/config/section.hpp"
#include "plugins/plugin_settings.hpp"

#include <vector>

namespace keep {

// In the order they are shown.
std::vector<config::Section<PluginSettings>> plugin_sections();

}  // namespace keep
