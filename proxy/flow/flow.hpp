// What the flow of an exchange needs from outside. Fixed after start.
#pragma once

#include "base/clock.hpp"
#include "flow/flow_metrics.hpp"
#include "flow/pipeline.hpp"
#include "upstream/upstream_server.hpp"

namespace keep {

struct FlowSettings {
  Duration connect{}, first_event{}, between_events{}, write{};
  bool explain = true;                // X-Keep-* response headers
  bool forward_authorization = true;  // false: the Authorization header was meant for us
};

struct Flow {
  FlowSettings settings;
  Services& services;
  Pipeline& pipeline;
  UpstreamSet& upstreams;
  FlowMetrics& metrics;
};

}  // namespace keep
