// What the flow of an exchange needs from outside. Fixed after start.
#pragma once

#include "base/time/clock.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "flow/flow_metrics.hpp"
#include "flow/item_memory.hpp"
#include "flow/pipeline.hpp"
#include "upstream/fleet.hpp"

#include <cstddef>

namespace keep {

struct FlowSettings {
  Duration connect{}, first_event{}, between_events{}, write{};
  Duration keep_alive{};                  // silence that a streaming client bears; 0: any
  bool explain = true;                    // X-Keep-* response headers
  bool keys = false;                      // clients need a key of ours, and are told apart by it
  std::size_t max_body_bytes = 64 << 20;  // of a request, decompressed
};

struct Flow {
  FlowSettings settings;
  Services& services;
  Tokenizer& tokenizer;
  Pipeline& pipeline;
  Fleet& upstreams;
  FlowMetrics& metrics;
  ItemMemory& items;
};

}  // namespace keep
