// The keys of [recall].
#pragma once

#include "base/config/section.hpp"
#include "plugins/recall/recall_settings.hpp"

#include <vector>

namespace keep::recall {

std::vector<config::Section<RecallSettings>> sections();

}  // namespace keep::recall
