#include "downstream/cors.hpp"

#include "base/text/url.hpp"
#include "downstream/authority.hpp"
#include "exchange/http/local_reply.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace keep {

namespace {

constexpr std::string_view kPrefix = "Access-Control-";
constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// Programs with a page inside. Nothing on the network has such an origin.
constexpr std::string_view kAppSchemes[] = {"app", "file", "tauri", "vscode-file",
                                            "vscode-webview"};

bool is_local(std::string_view origin) {
  const auto parsed = url::parse(origin);
  if (!parsed || !parsed->is_origin) return false;  // "null" is what any page can be made to send
  if (std::ranges::find(kAppSchemes, parsed->scheme) != std::end(kAppSchemes)) return true;
  return is_local_host(host_of_origin(origin));
}

// What a page may read without being told is left out; the rest of HTTP's own is of no use to it.
bool is_worth_reading(std::string_view name) {
  return equal_ignoring_case(name.substr(0, 2), "x-") ||
         equal_ignoring_case(name.substr(0, 11), "retry-after");
}

}  // namespace

std::string origin_of(const Request& request) {
  std::string origin;
  for (const Header& header : request.headers) {
    if (!equal_ignoring_case(header.name, "Origin")) continue;
    if (!origin.empty()) return {};
    origin = header.value;
  }
  return origin;
}

bool is_cors_field(std::string_view name) noexcept {
  return equal_ignoring_case(name.substr(0, kPrefix.size()), kPrefix);
}

bool CorsPolicy::allows(std::string_view origin) const {
  return any_ || is_local(origin) || std::ranges::find(origins_, origin) != origins_.end();
}

bool CorsPolicy::names_host(std::string_view host) const {
  const auto is_of = [&](std::string_view origin) {
    return equal_ignoring_case(host_of_origin(origin), host);
  };
  return any_ || std::ranges::any_of(origins_, is_of);
}

std::string CorsPolicy::fields(std::string_view origin, const Headers& headers) const {
  if (origin.empty()) return {};
  std::string lines = "Vary: Origin\r\n";
  if (!allows(origin)) return lines;
  lines.append(kPrefix).append("Allow-Origin: ").append(origin).append("\r\n");
  std::string names;
  for (const Header& header : headers) {
    if (!is_worth_reading(header.name)) continue;
    names.append(names.empty() ? "" : ", ").append(header.name);
  }
  if (names.empty()) return lines;
  return lines.append(kPrefix).append("Expose-Headers: ").append(names).append("\r\n");
}

Reply CorsPolicy::preflight(const Request& request) const {
  const std::string origin = origin_of(request);
  if (!origin.empty() && !allows(origin)) {
    const Error error(Fault::kBadRequest, Side::kDownstream,
                      "pages of " + origin +
                          " may not call this server; listen.cors_origins names those that may");
    LocalReply refusal;
    refusal.status = 403;
    refusal.body = to_reply(error, request.target)->body;
    return std::make_shared<const LocalReply>(std::move(refusal));
  }
  LocalReply reply;
  reply.status = 204;
  reply.content_type.clear();
  reply.headers.add("Allow", kMethods);
  if (!origin.empty()) {
    const auto allow = [&](const char* what, std::string_view value) {
      reply.headers.add(std::string(kPrefix) + what, value);
    };
    allow("Allow-Methods", kMethods);
    if (const auto asked = request.headers.find("Access-Control-Request-Headers")) {
      allow("Allow-Headers", *asked);
    }
    if (request.headers.find("Access-Control-Request-Private-Network")) {
      allow("Allow-Private-Network", "true");
    }
    allow("Max-Age", "600");
  }
  return std::make_shared<const LocalReply>(std::move(reply));
}

}  // namespace keep
