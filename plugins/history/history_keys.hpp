// The keys of [history] and [window].
#pragma once

#include "base/config/section.hpp"
#include "plugins/history/history_settings.hpp"

#include <vector>

namespace keep::history {

std::vector<config::Section<HistorySettings>> sections();

}  // namespace keep::history
