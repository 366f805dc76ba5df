// Where clients connect and from which pages: addresses of the listener, origins of browsers. Pure.
#pragma once

#include "base/result.hpp"

#include <string>

namespace keep {

struct HostPort {
  std::string host;  // without brackets
  unsigned short port = 0;
};

// "host:port" or "[::1]:port"; the host is an IP address, or localhost for 127.0.0.1.
Result<HostPort> parse_listen_address(const std::string& text);

namespace config {

// Refuse, or rewrite into the normal form.
Result<> check_listen_address(std::string& text);
// "*", or origins as browsers send them, with commas between them.
Result<> check_cors_origins(std::string& text);

}  // namespace config

}  // namespace keep
