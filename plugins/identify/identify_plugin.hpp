// identify: which conversation and which agent a request belongs to.
//
// Writes exchange.identity in on_request (the tenant is there already): explicit signals first
// (client_signals.hpp), then the answer that a Responses request continues, then a request id that
// comes again, then what the messages say (conversation_table.hpp). Loop thread only. Its tables
// hold at most max_conversations entries each; what is forgotten gets a new id.
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/plugin.hpp"
#include "plugins/identify/identify_settings.hpp"

#include <memory>

namespace keep::identify {

std::unique_ptr<Plugin> make_identify(IdentifySettings settings, Services& services);

}  // namespace keep::identify
