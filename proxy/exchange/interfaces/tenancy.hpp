// Tenancy: whether there are several tenants, who must learn nothing of each other.
#pragma once

namespace keep {

// Changes when the API keys are read anew. Loop thread only.
struct Tenancy {
  bool isolated = false;  // there is more than one API key: no client may learn what another asks
};

}  // namespace keep
