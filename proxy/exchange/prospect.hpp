// Prospect: whether to wait for a server makes sense.
#pragma once

#include "exchange/interfaces/upstreams.hpp"
#include "exchange/route.hpp"

namespace keep {

// Whether such a request may be answered without being placed anew: by a server that is up, or by
// one that is loading its model. Where none is either, too: they may come back as they were.
bool has_prospect(Upstreams& upstreams, const ServerDemand& demand) noexcept;

}  // namespace keep
