// What history does for one exchange. See history_plugin.hpp.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/stage.hpp"
#include "plugins/history/endpoints/history_endpoints.hpp"
#include "plugins/history/history_metrics.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/history/store/conversation_store.hpp"
#include "plugins/history/zone/zone_plans.hpp"

#include <memory>

namespace keep::history {

// What the stages of all exchanges share.
struct Shared {
  // `record`: what is on record here, as others see it.
  Shared(HistorySettings chosen, Services& lent, const Servers& asked, Conversations& record);

  const HistorySettings settings;
  Services& services;
  const Servers& servers;
  Conversations& conversations;
  ConversationStore store;
  HistoryMetrics metrics;
  ZonePlans zones;
  HistoryEndpoints endpoints;
};

std::unique_ptr<Stage> make_stage(Shared& shared);

}  // namespace keep::history
