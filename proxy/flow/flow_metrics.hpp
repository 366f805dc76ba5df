// FlowMetrics: what every exchange counts, observed once at its end or per event.
#pragma once

#include "base/metrics.hpp"
#include "exchange/exchange.hpp"
#include "exchange/outcome.hpp"

#include <array>
#include <map>
#include <string>
#include <utility>

namespace keep {

class FlowMetrics {
 public:
  explicit FlowMetrics(Metrics& metrics);

  void inter_token(Duration gap) noexcept { inter_token_.observe(seconds(gap)); }
  void kept_alive() noexcept { keep_alives_.add(); }
  void went_elsewhere() noexcept { failovers_.add(); }
  void finished(const Exchange& exchange, const Outcome& outcome);

 private:
  void count_request(const Exchange& exchange, const Outcome& outcome);
  void count_tokens(const Exchange& exchange);
  void time_phases(const Timeline& timeline);

  Metrics& metrics_;
  Histogram inter_token_, duration_, ttft_hit_, ttft_prefill_;
  Histogram parse_, identify_, route_, rewrite_;
  Counter prompt_tokens_, cached_tokens_, generated_tokens_, keep_alives_, failovers_;
  std::map<std::pair<std::string_view, int>, Counter> requests_;
};

// Time spent here before the request went upstream, waiting for a slot apart.
Duration overhead(const Timeline& timeline) noexcept;

}  // namespace keep
