// Authority: the host that a Host field, an origin or a target names. Pure.
#pragma once

#include <string>
#include <string_view>

namespace keep {

// Of "host", "host:port" and "[address]:port"; "" for a bracket that is not closed.
std::string_view host_of(std::string_view authority) noexcept;

bool is_address(std::string_view host);     // IPv4 or IPv6
bool is_local_host(std::string_view host);  // localhost, below it, or an address of this machine
std::string to_lower(std::string_view name);

}  // namespace keep
