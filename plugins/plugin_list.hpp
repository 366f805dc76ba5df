// The plugins in the order requests pass them.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/embeddings.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/tenancy.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"
#include "plugins/plugin_settings.hpp"

#include <memory>
#include <vector>

namespace keep {

// What plugins are lent. All of it outlives them.
struct PluginNeeds {
  Services& services;
  const Servers& servers;
  const Tenancy& tenancy;
  Embeddings* embeddings = nullptr;                // null: there is no server for them
  std::vector<ConversationObserver*> observers{};  // told of conversations besides the plugins
};

// Plugins that are switched off are left out. An Error names the setting at fault.
Result<std::vector<std::unique_ptr<Plugin>>> make_plugins(const PluginSettings& settings,
                                                          const PluginNeeds& needs);

}  // namespace keep
