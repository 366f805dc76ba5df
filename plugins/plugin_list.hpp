// The plugins in the order requests pass them.
#pragma once

#include "exchange/interfaces/embeddings.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/tenancy.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"
#include "plugins/hedge/hedge_settings.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/hygiene/hygiene_settings.hpp"
#include "plugins/identify/identify_settings.hpp"
#include "plugins/knowledge/knowledge_settings.hpp"
#include "plugins/recall/recall_settings.hpp"
#include "plugins/roles/roles_settings.hpp"
#include "plugins/slots/slots_settings.hpp"

#include <memory>
#include <vector>

namespace keep {

struct PluginSettings {
  hedge::HedgeSettings hedge;
  hygiene::HygieneSettings hygiene;
  identify::IdentifySettings identify;
  history::HistorySettings history;
  knowledge::KnowledgeSettings knowledge;
  recall::RecallSettings recall;
  roles::RolesSettings roles;
  slots::SlotsSettings slots;
};

// What plugins are lent. All of it outlives them.
struct PluginNeeds {
  Services& services;
  const Servers& servers;
  const Tenancy& tenancy;
  Embeddings* embeddings = nullptr;  // null: there is no server for them
};

// Plugins that are switched off are left out. An Error names the setting at fault.
Result<std::vector<std::unique_ptr<Plugin>>> make_plugins(const PluginSettings& settings,
                                                          const PluginNeeds& needs);

}  // namespace keep
