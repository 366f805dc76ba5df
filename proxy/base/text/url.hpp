// url: addresses of the web and percent encoding (RFC 3986), the only door to Boost.URL. Pure; any
// thread. What is returned as a view points into the text that was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::url {

struct Authority {
  std::string_view host;             // as it stands there, an IPv6 address in its brackets
  std::string_view port;             // digits; empty: none is named
  std::string_view address() const;  // the host without brackets
  // Of the port; nothing: none is named, or it is above 65535.
  std::optional<std::uint16_t> port_number() const;
};

// "host", "host:port", "[address]:port" or nothing. Nothing with a user name, with a host that is
// percent encoded, which hides where its dots are, or a port that is too long for one: that is no
// authority here.
std::optional<Authority> parse_authority(std::string_view text);

struct Url {
  std::string_view scheme;
  Authority authority;
  bool is_origin = false;  // nothing follows the authority
};

// "scheme://authority", and whatever follows. Nothing for anything else, a user name included.
std::optional<Url> parse(std::string_view text);

// Letters, digits and "-._~" stay; every other byte becomes %XX.
std::string percent_encode(std::string_view text);
// Nothing when a % is not followed by two hexadecimal digits. A + stays a +.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace keep::url
