// Watchable: whether an answer may be stopped and given anew. Pure.
#pragma once

#include "exchange/exchange.hpp"

namespace keep::hedge {

// All else is left alone from the beginning.
bool is_chat(const Exchange& exchange) noexcept;

// A streamed chat with a past, one choice, plain text: no tools in use, no grammar, schema or logit
// bias, no beginning of the answer given by the client, and not `x_keep: {"hedge": false}`.
bool watchable(const Exchange& exchange);

}  // namespace keep::hedge
