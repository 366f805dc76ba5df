// The keys of [knowledge].
#pragma once

#include "base/config/section.hpp"
#include "plugins/knowledge/knowledge_settings.hpp"

#include <vector>

namespace keep::knowledge {

std::vector<config::Section<KnowledgeSettings>> sections();

}  // namespace keep::knowledge
