#pragma once

namespace keep::roles {

struct RolesSettings {
  bool enabled = true;
};

}  // namespace keep::roles
