// What a request line and Host say about where a request goes, and what is refused of it. Pure.
#pragma once

#include "base/result.hpp"
#include "exchange/http/http_message.hpp"

#include <string_view>

namespace keep {

// Not CONNECT, which wants a tunnel, nor TRACE, which shows a request to whoever has not sent it.
bool is_served(std::string_view method) noexcept;

// Makes the target a path: of the whole URL of a proxy request (http://host/path) what follows the
// host, which has to be the one that Host names. OPTIONS may ask about "*".
//
// Fault::kBadRequest for any other form of a target, and for a Host that is missing (HTTP/1.1),
// doubled or none.
Result<> settle_target(Request& request);

}  // namespace keep
