// The settings of every plugin.
#pragma once

#include "plugins/hedge/hedge_settings.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/hygiene/hygiene_settings.hpp"
#include "plugins/identify/identify_settings.hpp"
#include "plugins/knowledge/knowledge_settings.hpp"
#include "plugins/recall/recall_settings.hpp"
#include "plugins/roles/roles_settings.hpp"
#include "plugins/slots/slots_settings.hpp"
#include "plugins/tier/tier_settings.hpp"

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
  tier::TierSettings tier;
};

}  // namespace keep
