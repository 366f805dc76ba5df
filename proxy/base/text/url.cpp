#include "base/text/url.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace keep::url {

namespace {

constexpr std::size_t kMaxPortDigits = 5;

// Where the bracket of an IPv6 address, which may name a zone, ends; 0: there is none.
std::size_t end_of_brackets(std::string_view text) {
  const std::size_t close = text.find(']');
  if (!text.starts_with('[') || close == text.npos) return 0;
  boost::system::error_code ec;
  (void)boost::asio::ip::make_address_v6(text.substr(1, close - 1), ec);
  return ec ? 0 : close + 1;
}

}  // namespace

std::string_view Authority::address() const {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

std::optional<std::uint16_t> Authority::port_number() const {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// Boost 1.81 takes a name that begins like an IPv4 address ("10.0.0.5.nip.io") for that address and
// something behind it. Behind a letter it is a name, and so is an address.
std::optional<Authority> parse_authority(std::string_view text) {
  const std::size_t brackets = end_of_brackets(text);
  const std::string named = "x" + std::string(text.substr(brackets));
  const auto parsed = boost::urls::parse_authority(named);
  if (!parsed || parsed->has_userinfo() || parsed->port().size() > kMaxPortDigits) {
    return std::nullopt;
  }
  const std::size_t name = parsed->encoded_host().size() - 1;
  const bool escaped = parsed->encoded_host().find('%') != std::string_view::npos;
  if (escaped || (brackets > 0 && name > 0)) return std::nullopt;
  return Authority{text.substr(0, brackets + name),
                   text.substr(text.size() - parsed->port().size())};
}

// The library reads all but the authority.
std::optional<Url> parse(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == text.npos) return std::nullopt;
  const std::string_view rest = text.substr(mark + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const auto authority = parse_authority(rest.substr(0, end));
  const std::string others = std::string(text.substr(0, mark + 3)) + std::string(rest.substr(end));
  const auto parsed = boost::urls::parse_uri(others);
  if (!authority || !parsed || parsed->scheme().size() != mark) return std::nullopt;
  return Url{text.substr(0, mark), *authority, end == rest.size()};
}

std::string percent_encode(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

std::optional<std::string> percent_decode(std::string_view text) {
  const auto checked = boost::urls::make_pct_string_view(text);
  if (!checked) return std::nullopt;
  return checked->decode();
}

}  // namespace keep::url
