// CorsPolicy: which web pages may call us from a browser. Every head that leaves here is told what
// the policy says, whoever made the reply; what upstream says about it is dropped.
//
// Where keys are asked for, a page has to know one, so any page may call. Without keys the pages of
// this machine may (localhost in all its forms, desktop programs that are web pages inside) and
// those that the operator named: another page must not drive a model just because it was opened
// here. Cookies are never asked for. Loop thread only.
#pragma once

#include "exchange/http/http_message.hpp"
#include "exchange/http/local_reply.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {

class CorsPolicy {
 public:
  CorsPolicy() = default;  // pages of this machine only
  // `origins`: others that may call, as browsers send them ("https://chat.example.org"); `any`:
  // all.
  CorsPolicy(bool any, std::vector<std::string> origins)
      : any_(any), origins_(std::move(origins)) {}

  bool allows(std::string_view origin) const;
  bool names_host(std::string_view host) const;  // one of the others is at that host
  // What a reply to a page of `origin` says besides `headers`, as lines of its head; "" without
  // one.
  std::string fields(std::string_view origin, const Headers& headers) const;
  // The answer to OPTIONS, which a browser asks before the request itself, without a key.
  Reply preflight(const Request& request) const;

 private:
  bool any_ = false;
  std::vector<std::string> origins_;
};

// Whose page made the request; "" for none, and where it cannot be told which of several.
std::string origin_of(const Request& request);

// Fields that only the policy sets: Access-Control-*.
bool is_cors_field(std::string_view name) noexcept;

}  // namespace keep
