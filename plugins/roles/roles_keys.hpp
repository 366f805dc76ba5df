// The keys of [roles].
#pragma once

#include "base/config/section.hpp"
#include "plugins/roles/roles_settings.hpp"

#include <vector>

namespace keep::roles {

std::vector<config::Section<RolesSettings>> sections();

}  // namespace keep::roles
