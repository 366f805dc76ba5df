// What GET / answers: a short page that says what this is and where to point a client. Nothing in
// it comes from the request or from what is on record.
#pragma once

#include "exchange/http/http_message.hpp"
#include "exchange/http/local_reply.hpp"

namespace keep {

// HTML for a browser, plain text for anything that does not ask for HTML.
Reply front_page(const Request& request);

}  // namespace keep
