#include "app/config/addresses.hpp"

#include "base/config/values.hpp"
#include "base/text/tokens.hpp"
#include "base/text/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <string_view>

namespace keep {

namespace config {

namespace {

// In lower case, and without the port that the scheme has anyway.
std::string as_browsers_send(const url::Url& origin) {
  std::string sent = std::string(origin.scheme) + "://" + std::string(origin.authority.host);
  for (char& c : sent) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string_view usual = sent.starts_with("https:") ? "443" : "80";
  const std::string_view port = origin.authority.port;
  if (!port.empty() && port != usual) sent.append(":").append(port);
  return sent;
}

}  // namespace

Result<> check_listen_address(std::string& text) {
  text = trim(text);
  const auto parsed = parse_listen_address(text);
  if (!parsed) return parsed.error();
  return {};
}

Result<> check_cors_origins(std::string& text) {
  text = trim(text);
  if (text.empty() || text == "*") return {};
  std::string normal;
  for (std::string_view item : tokens_of(text)) {
    if (item.ends_with('/')) item.remove_suffix(1);  // as it stands in an address bar
    const auto origin = url::parse(item);
    const bool whole = origin && origin->is_origin && !origin->authority.host.empty() &&
                       origin->authority.host.find('*') == std::string_view::npos;
    if (!whole) {
      return bad_value("expected scheme://host or scheme://host:port, not \"" + std::string(item) +
                       "\"");
    }
    normal.append(normal.empty() ? "" : ", ").append(as_browsers_send(*origin));
  }
  text = normal;
  return {};
}

}  // namespace config

Result<HostPort> parse_listen_address(const std::string& text) {
  const auto authority = url::parse_authority(text);
  if (!authority || !authority->port_number()) {
    return config::bad_value("expected host:port or [::1]:port, not \"" + text + "\"");
  }
  HostPort parts{std::string(authority->address()), *authority->port_number()};
  if (parts.host == "localhost") parts.host = asio::ip::address_v4::loopback().to_string();
  boost::system::error_code ec;
  asio::ip::make_address(parts.host, ec);
  if (ec) {
    return config::bad_value("\"" + parts.host +
                             "\" is no IP address; 0.0.0.0 or [::] listens on every interface");
  }
  return parts;
}

}  // namespace keep
