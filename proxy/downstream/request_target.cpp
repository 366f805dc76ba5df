#include "downstream/request_target.hpp"

#include "base/text/url.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace keep {

namespace {

constexpr std::string_view kScheme = "http://";

Error refused(std::string detail) {
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

bool same_place(const url::Authority& a, const url::Authority& b) {
  const auto port = [](std::string_view p) { return p.empty() ? std::string_view("80") : p; };
  return equal_ignoring_case(a.host, b.host) && port(a.port) == port(b.port);
}

// The one Host there is; nothing where there is none.
Result<std::optional<url::Authority>> the_host(const Headers& headers) {
  std::optional<url::Authority> host;
  for (const Header& h : headers) {
    if (!equal_ignoring_case(h.name, "Host")) continue;
    if (host) return refused("more than one Host");
    host = url::parse_authority(h.value);
    if (!host) return refused("Host is no name of a host");
  }
  return host;
}

// From "http://authority/path" to "/path".
Result<> shorten(Request& request, const std::optional<url::Authority>& host) {
  const std::string_view rest = std::string_view(request.target).substr(kScheme.size());
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const auto authority = url::parse_authority(rest.substr(0, end));
  if (end == 0 || !authority) return refused("the target names no host");
  if (host && !same_place(*authority, *host)) return refused("target and Host differ");
  std::string path(rest.substr(end));
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  request.target = std::move(path);
  return {};
}

}  // namespace

bool is_served(std::string_view method) noexcept {
  return method != "CONNECT" && method != "TRACE";
}

Result<> settle_target(Request& request) {
  const auto host = the_host(request.headers);
  if (!host) return host.error();
  if (!*host && request.version >= 11) return refused("Host is missing");
  const std::string_view target = request.target;
  if (target.starts_with('/')) return {};
  if (target == "*" && request.method == "OPTIONS") return {};
  if (equal_ignoring_case(target.substr(0, kScheme.size()), kScheme)) {
    return shorten(request, *host);
  }
  return refused("request target must be a path");
}

}  // namespace keep
