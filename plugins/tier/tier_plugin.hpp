// The tier plugin: KV cache that leaves its slot is kept, and put back. See archive/archive.hpp.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"
#include "plugins/tier/tier_settings.hpp"

#include <memory>

namespace keep::tier {

class TierPlugin : public Plugin {
 public:
  virtual SlotArchive& archive() noexcept = 0;
  virtual ConversationObserver& observer() noexcept = 0;
};

std::unique_ptr<TierPlugin> make_tier(const TierSettings& settings, Services& services,
                                      const Servers& servers);

}  // namespace keep::tier
