#include "downstream/authority.hpp"

#include "base/text/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace keep {

std::string_view host_of(std::string_view authority) {
  const auto parsed = url::parse_authority(authority);
  if (!parsed) return {};
  std::string_view host = parsed->address();
  if (host == parsed->host && host.ends_with('.')) host.remove_suffix(1);
  return host;
}

std::string_view host_of_origin(std::string_view origin) {
  const auto parsed = url::parse(origin);
  if (!parsed || !parsed->is_origin) return {};
  return host_of(origin.substr(origin.find("://") + 3));
}

bool is_address(std::string_view host) {
  boost::system::error_code ec;
  (void)boost::asio::ip::make_address(std::string(host), ec);
  return !ec;
}

bool is_local_host(std::string_view host) {
  const std::string name = to_lower(host);
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(name, ec);
  return !ec && (address.is_loopback() || address.is_unspecified());
}

std::string to_lower(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

}  // namespace keep
