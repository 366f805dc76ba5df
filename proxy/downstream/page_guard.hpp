// PageGuard: keeps web pages from using a server that asks for no key.
//
// A browser lets any page send simple requests to any server, and says in Origin which page it was;
// CORS only keeps the page from reading the answer. Requests of pages that the CORS policy does not
// know are refused before anything is done. A page can also give its own name the address of this
// machine (DNS rebinding): then it is of the same origin, and only Host tells. So on a loopback
// listener Host has to be an address, or a name that nobody on the internet can own: one without a
// dot, below localhost, local, internal or home.arpa, or of an origin that may call. Pure.
#pragma once

#include "downstream/cors.hpp"

#include <string_view>

namespace keep {

class PageGuard {
 public:
  PageGuard() = default;  // nothing is refused: who may call has a key
  PageGuard(CorsPolicy policy, bool loopback)
      : policy_(std::move(policy)), keyless_(true), loopback_(loopback) {}

  // nullptr: it may pass. A 403 otherwise, in the dialect of its path.
  Reply refuse(const Request& request) const;

 private:
  bool knows_host(std::string_view authority) const;

  CorsPolicy policy_;
  bool keyless_ = false, loopback_ = false;
};

}  // namespace keep
