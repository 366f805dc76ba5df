#include "plugins/roles/roles_keys.hpp"

namespace keep::roles {

std::vector<config::Section<RolesSettings>> sections() {
  using Key = config::Key<RolesSettings>;
  using S = RolesSettings;
  return {
      {"roles",
       "Messages in an order that the model's chat template renders.",
       {Key::on_off(
           "roles.enabled",
           "Off: messages go in the order they came; a template that wants another answers 400.",
           &S::enabled)}}};
}

}  // namespace keep::roles
