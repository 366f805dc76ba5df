// What recall does for one exchange. See recall_plugin.hpp.
#pragma once

#include "base/hash.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/stage.hpp"
#include "plugins/recall/fog/fog_search.hpp"
#include "plugins/recall/prompt/frozen_blocks.hpp"
#include "plugins/recall/recall_metrics.hpp"
#include "plugins/recall/recall_settings.hpp"
#include "plugins/recall/recall_sources.hpp"
#include "plugins/recall/vectors/vector_search.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace keep::recall {

// What the stages of all exchanges share.
struct Shared {
  static constexpr std::size_t kMaxFrozenBytes = 64 << 20;

  Shared(RecallSettings chosen, Services& lent, const RecallSources& from)
      : settings(std::move(chosen)),
        services(lent),
        sources(from),
        vectors(make_vectors()),
        search(lent, from.conversations, vectors ? half() : settings.index_bytes, vectors.get()),
        metrics(lent.metrics) {}

  RecallSettings settings;
  Services& services;
  RecallSources sources;
  const std::unique_ptr<VectorSearch> vectors;  // null without a server for them
  FogSearch search;
  RecallMetrics metrics;
  FrozenBlocks frozen{kMaxFrozenBytes};

 private:
  // Of the memory for indexes.
  std::size_t half() const noexcept { return settings.index_bytes / 2; }
  std::unique_ptr<VectorSearch> make_vectors() const {
    if (sources.embeddings == nullptr) return nullptr;
    return std::make_unique<VectorSearch>(services, sources.conversations, *sources.embeddings,
                                          settings.folder, half());
  }
};

// Lends the exchange its AnswerRecall.
std::unique_ptr<Stage> begin_stage(Shared& shared, Exchange& exchange);

}  // namespace keep::recall
