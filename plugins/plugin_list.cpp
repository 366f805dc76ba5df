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
#include "plugins/tier/tier_plugin.hpp"

#include <utility>

namespace keep {

// Who needs what of whom is said here and nowhere else: an interface of another plugin can be given
// only after that plugin was made.
Result<std::vector<std::unique_ptr<Plugin>>> make_plugins(const PluginSettings& settings,
                                                          const PluginNeeds& needs) {
  Services& services = needs.services;
  const Servers& servers = needs.servers;
  std::vector<std::unique_ptr<Plugin>> list;
  std::vector<ConversationObserver*> observers = needs.observers;
  if (settings.hygiene.enabled) {
    auto hygiene = hygiene::make_hygiene(settings.hygiene, services);
    if (!hygiene) return hygiene.error();
    observers.push_back(hygiene->get());
    list.push_back(std::move(*hygiene));
    list.push_back(media::make_media(services, servers.upstreams));
  }
  if (settings.identify.enabled) {
    list.push_back(identify::make_identify(settings.identify, services));
  }
  Knowledge* facts = nullptr;
  if (settings.knowledge.enabled) {
    auto knowledge = knowledge::make_knowledge(settings.knowledge, services, recall::make_ranker());
    facts = knowledge.get();
    list.push_back(std::move(knowledge));
  }
  Conversations* conversations = nullptr;
  if (settings.history.enabled) {
    const bool recalls = settings.recall.enabled || settings.hedge.enabled;
    history::HistorySettings chosen = settings.history;
    if (recalls) chosen.recall_tokens = settings.recall.budget_tokens;
    chosen.queue = settings.slots.queue;
    auto history = history::make_history(std::move(chosen), services, servers);
    conversations = history.get();
    list.push_back(std::move(history));
    if (recalls) {
      const recall::RecallSources sources{*conversations, servers.templates, facts,
                                          needs.embeddings};
      list.push_back(recall::make_recall(settings.recall, services, sources));
    }
  }
  if (settings.slots.enabled) {
    std::unique_ptr<tier::TierPlugin> tier;
    if (settings.tier.enabled && settings.tier.ram_bytes > 0) {
      tier = tier::make_tier(settings.tier, services, servers);
      observers.push_back(&tier->observer());
    }
    SlotArchive& archive = tier ? tier->archive() : no_archive();
    auto slots = slots::make_slots(settings.slots, services, servers, needs.tenancy, archive);
    observers.push_back(slots.get());
    list.push_back(std::move(slots));
    if (tier) list.push_back(std::move(tier));  // behind slots: it outlives it
  }
  for (ConversationObserver* observer : observers) {
    if (conversations != nullptr) conversations->attach(*observer);
  }
  // After recall, whose block it has to mind; before hedge, which may render the prompt itself.
  if (settings.roles.enabled) list.push_back(roles::make_roles(services, servers.templates));
  if (settings.hedge.enabled) {
    auto hedge = hedge::make_hedge(settings.hedge, services, servers);
    if (!hedge) return hedge.error();
    list.push_back(std::move(*hedge));
  }
  return list;
}

}  // namespace keep
