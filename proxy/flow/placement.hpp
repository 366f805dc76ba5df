// Placement: to which servers an exchange may go, and what happens when one fails it.
#pragma once

#include "flow/flow.hpp"

namespace keep {

// Before an attempt: the first server that can answer (exchange.route.upstream) and what others
// have to be (exchange.route.demand). Nothing changes while the exchange holds a slot, unless the
// prompt was too long there and another server has a larger window. An Error: nobody can answer.
Result<> place(Flow& flow, Exchange& exchange);

// Whether another server may be asked in place of the one that has failed: it has not said a word
// of an answer, and asking twice does no harm.
bool has_elsewhere(const Flow& flow, const Exchange& exchange);

// The exchange has waited for a server that suits it, in vain: there is none any more, while others
// are up. It may be placed anew.
bool is_stranded(Flow& flow, const Exchange& exchange);

// The server has failed the exchange: its slot is given back, and the next attempt goes elsewhere.
void leave_server(Flow& flow, Exchange& exchange);

}  // namespace keep
