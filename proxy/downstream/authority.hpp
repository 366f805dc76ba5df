// Authority: the host and the port that a Host field, an origin or a target names. Pure.
#pragma once

#include <string>
#include <string_view>

namespace keep {

// "host", "host:port", "[address]:port" or nothing, of characters that a host may have: no user
// name, nothing behind a bracket but a port, and that a number.
bool is_authority(std::string_view text) noexcept;

struct Authority {
  std::string_view host, port;  // the host as it stands there, brackets and all
};
Authority split_authority(std::string_view text) noexcept;

// The host of an authority without brackets, and without the dot that a full name may end in; ""
// for what is no authority.
std::string_view host_of(std::string_view authority) noexcept;
// Of "scheme://authority", which is all that an origin consists of; "" for anything else.
std::string_view host_of_origin(std::string_view origin) noexcept;

bool is_address(std::string_view host);     // IPv4 or IPv6
bool is_local_host(std::string_view host);  // localhost, below it, or an address of this machine
std::string to_lower(std::string_view name);

}  // namespace keep
