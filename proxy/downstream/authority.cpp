#include "downstream/authority.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace keep {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_host_char(char c) noexcept {
  constexpr std::string_view kOthers = "-._~%!$&'()*+,;=";
  return is_letter(c) || is_digit(c) || kOthers.find(c) != kOthers.npos;
}
bool is_address_char(char c) noexcept { return is_host_char(c) || c == ':'; }
bool is_scheme_char(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

}  // namespace

Authority split_authority(std::string_view text) noexcept {
  const std::size_t end = text.starts_with('[') ? text.find(']') : 0;
  const std::size_t colon = text.find(':', end == text.npos ? text.size() : end);
  if (colon == text.npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_authority(std::string_view text) noexcept {
  const auto [host, port] = split_authority(text);
  if (!std::ranges::all_of(port, is_digit) || port.size() > 5) return false;
  if (!host.starts_with('[')) return std::ranges::all_of(host, is_host_char);
  return host.size() > 2 && host.ends_with(']') &&
         std::ranges::all_of(host.substr(1, host.size() - 2), is_address_char);
}

std::string_view host_of(std::string_view authority) noexcept {
  if (!is_authority(authority)) return {};
  std::string_view host = split_authority(authority).host;
  if (host.starts_with('[')) return host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

std::string_view host_of_origin(std::string_view origin) noexcept {
  const std::size_t mark = origin.find("://");
  if (mark == origin.npos || mark == 0) return {};
  if (!std::ranges::all_of(origin.substr(0, mark), is_scheme_char)) return {};
  return host_of(origin.substr(mark + 3));
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
