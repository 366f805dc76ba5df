// What recall does for one exchange. See recall_plugin.hpp.
#pragma once

#include "base/hash.hpp"
#include "exchange/conversations.hpp"
#include "exchange/services.hpp"
#include "exchange/stage.hpp"
#include "plugins/recall/fog/fog_search.hpp"
#include "plugins/recall/prompt/frozen_blocks.hpp"
#include "plugins/recall/recall_metrics.hpp"
#include "plugins/recall/recall_settings.hpp"
#include "plugins/recall/vectors/vector_search.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace keep::recall {

// What the stages of all exchanges share.
struct Shared {
  static constexpr std::size_t kMaxFrozenBytes = 64 << 20;

  explicit Shared(RecallSettings chosen) : settings(std::move(chosen)) {}

  RecallSettings settings;
  Services* services = nullptr;
  std::optional<VectorSearch> vectors;  // none without a server for them
  std::optional<FogSearch> search;
  std::optional<RecallMetrics> metrics;
  FrozenBlocks frozen{kMaxFrozenBytes};
};

// Lends the exchange its Recollection.
std::unique_ptr<Stage> begin_stage(Shared& shared, Exchange& exchange);

}  // namespace keep::recall
