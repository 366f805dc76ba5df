// What history does for one exchange. See history_plugin.hpp.
#pragma once

#include "exchange/services.hpp"
#include "exchange/stage.hpp"
#include "plugins/history/endpoints/history_endpoints.hpp"
#include "plugins/history/history_metrics.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/history/shelf/shelf.hpp"
#include "plugins/history/zone/zone_keeper.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace keep::history {

// What the stages of all exchanges share.
struct Shared {
  explicit Shared(HistorySettings chosen) : settings(std::move(chosen)) {}

  HistorySettings settings;
  Services* services = nullptr;
  std::optional<Shelf> shelf;
  std::optional<HistoryMetrics> metrics;
  std::optional<ZoneKeeper> zones;
  std::optional<HistoryEndpoints> endpoints;
};

std::unique_ptr<Stage> make_stage(Shared& shared);

}  // namespace keep::history
