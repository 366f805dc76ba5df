// roles: puts the messages of a request into an order that the model's chat template renders.
//
// Clients send system messages between turns, or two messages of the user in a row; many templates
// raise an exception then, and as the client sends them again with every turn its conversation
// would be dead. What fits the strictest template is left alone without a question to anybody.
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"

#include <memory>

namespace keep::roles {

std::unique_ptr<Plugin> make_roles(Services& services, ChatTemplates& templates);

}  // namespace keep::roles
