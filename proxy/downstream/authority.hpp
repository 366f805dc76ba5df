// Authority: the host that a Host field, an origin or a target names. Pure.
#pragma once

#include <string>
#include <string_view>

namespace keep {

// The host of an authority without brackets, and without the dot that a full name may end in; ""
// for what is no authority.
std::string_view host_of(std::string_view authority);
// Of "scheme://authority", which is all that an origin consists of; "" for anything else.
std::string_view host_of_origin(std::string_view origin);

bool is_address(std::string_view host);     // IPv4 or IPv6
bool is_local_host(std::string_view host);  // localhost, below it, or an address of this machine
std::string to_lower(std::string_view name);

}  // namespace keep
