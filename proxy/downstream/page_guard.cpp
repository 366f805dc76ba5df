#include "downstream/page_guard.hpp"

#include "downstream/authority.hpp"
#include "exchange/http/local_reply.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace keep {

namespace {

constexpr std::string_view kPrivateDomains[] = {".localhost", ".local", ".internal", ".home.arpa"};

Reply refusal(std::string detail, std::string_view target) {
  LocalReply reply =
      *to_reply(Error(Fault::kBadRequest, Side::kDownstream, std::move(detail)), target);
  reply.status = 403;
  return std::make_shared<const LocalReply>(std::move(reply));
}

bool is_private_name(std::string_view host) {
  if (host.find('.') == host.npos) return true;
  const std::string name = to_lower(host);
  const auto below = [&](std::string_view domain) { return name.ends_with(domain); };
  return std::ranges::any_of(kPrivateDomains, below);
}

}  // namespace

bool PageGuard::knows_host(std::string_view authority) const {
  const std::string_view host = host_of(authority);
  if (host.empty()) return false;
  return is_address(host) || is_private_name(host) || policy_.names_host(host);
}

Reply PageGuard::refuse(const Request& request) const {
  if (!keyless_) return nullptr;
  for (const Header& header : request.headers) {
    if (!equal_ignoring_case(header.name, "Origin") || policy_.allows(header.value)) continue;
    return refusal("pages of " + header.value +
                       " may not call this server; listen.cors_origins names those that may",
                   request.target);
  }
  const auto host = request.headers.find("Host");
  if (!loopback_ || !host || host->empty() || knows_host(*host)) return nullptr;
  return refusal("this server is not called " + std::string(*host) +
                     "; use its address, or name the site, for example listen.cors_origins = "
                     "\"https://" +
                     std::string(host_of(*host)) + "\"",
                 request.target);
}

}  // namespace keep
