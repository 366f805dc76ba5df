// overflow_reply: a 400 of upstream, before the client sees it. When it says that the prompt does
// not fit the context, the exchange is told so and may try again with less of it.
#pragma once

#include "flow/answer/relay.hpp"

namespace keep {

// Reads the reply whole. kResubmit with exchange.overflow set while attempts are left, else the
// client gets the bytes as they came, or in the words of its dialect.
asio::awaitable<AttemptResult> relay_overflow(RelayContext context, ResponseHead head);

}  // namespace keep
