#include "plugins/plugin_list.hpp"

#include "plugins/hedge/hedge_plugin.hpp"
#include "plugins/history/history_plugin.hpp"
#include "plugins/hygiene/hygiene_plugin.hpp"
#include "plugins/identify/identify_plugin.hpp"
#include "plugins/knowledge/knowledge_plugin.hpp"
#include "plugins/media/media_plugin.hpp"
#include "plugins/recall/recall_plugin.hpp"
#include "plugins/roles/roles_plugin.hpp"
#include "plugins/slots/slots_plugin.hpp"

#include <utility>

namespace keep {

Result<std::vector<std::unique_ptr<Plugin>>> make_plugins(const PluginSettings& settings) {
  std::vector<std::unique_ptr<Plugin>> list;
  if (settings.hygiene.enabled) {
    auto hygiene = hygiene::make_hygiene(settings.hygiene);
    if (!hygiene) return hygiene.error();
    list.push_back(std::move(*hygiene));
    list.push_back(media::make_media());
  }
  if (settings.identify.enabled) list.push_back(identify::make_identify(settings.identify));
  if (settings.knowledge.enabled) {
    list.push_back(knowledge::make_knowledge(settings.knowledge, recall::make_ranker()));
  }
  const bool recalls = settings.recall.enabled || settings.hedge.enabled;
  if (settings.history.enabled) {
    history::HistorySettings history = settings.history;
    if (recalls) history.recall_tokens = settings.recall.budget_tokens;
    history.queue = settings.slots.queue;
    list.push_back(history::make_history(std::move(history)));
    if (recalls) list.push_back(recall::make_recall(settings.recall));
  }
  if (settings.slots.enabled) list.push_back(slots::make_slots(settings.slots));
  // After recall, whose block it has to mind; before hedge, which may render the prompt itself.
  if (settings.roles.enabled) list.push_back(roles::make_roles());
  if (settings.hedge.enabled) {
    auto hedge = hedge::make_hedge(settings.hedge);
    if (!hedge) return hedge.error();
    list.push_back(std::move(*hedge));
  }
  return list;
}

}  // namespace keep
