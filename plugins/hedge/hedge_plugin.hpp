// hedge: an answer that hedges because the model does not know what was said long ago is stopped
// and given anew with what it should have known, before the client sees the hedge.
//
//   on_event             looks for hedging phrases and holds text back that may become one
//   on_pause             searches what is recorded; nothing found: the answer goes on as it was
//   on_upstream_request  of the next attempt: what the client has of the answer is its beginning
//
// The search comes before the stop, so an answer is stopped only when there is something better.
// Loop thread only.
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"
#include "plugins/hedge/hedge_settings.hpp"

#include <memory>

namespace keep::hedge {

// An Error names what is wrong with the phrases.
Result<std::unique_ptr<Plugin>> make_hedge(HedgeSettings settings, Services& services,
                                           const Servers& servers);

}  // namespace keep::hedge
