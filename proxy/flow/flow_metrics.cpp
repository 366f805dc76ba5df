#include "flow/flow_metrics.hpp"

#include <algorithm>

namespace keep {

namespace {

Histogram phase(Metrics& metrics, const char* name) {
  return metrics.histogram("overhead_seconds", "Time added by llama-keep, by phase",
                           overhead_buckets(), {{"phase", name}});
}

Histogram ttft(Metrics& metrics, const char* cache) {
  return metrics.histogram("time_to_first_token_seconds",
                           "From the complete request to the first output of the model",
                           ttft_buckets(), {{"cache", cache}});
}

// More of the prompt came from the KV cache than was prefilled.
bool mostly_cached(const openai::ServerTimings& t) noexcept { return t.cache_n > t.prompt_n; }

}  // namespace

FlowMetrics::FlowMetrics(Metrics& metrics)
    : metrics_(metrics),
      inter_token_(metrics.histogram("inter_token_latency_seconds",
                                     "Gap between two events with output", inter_token_buckets())),
      duration_(
          metrics.histogram("request_duration_seconds", "Whole exchanges", duration_buckets())),
      ttft_hit_(ttft(metrics, "hit")),
      ttft_prefill_(ttft(metrics, "prefill")),
      parse_(phase(metrics, "parse")),
      identify_(phase(metrics, "identify")),
      route_(phase(metrics, "route")),
      rewrite_(phase(metrics, "rewrite")),
      prompt_tokens_(metrics.counter("prompt_tokens_total", "Prompt tokens, cached ones included")),
      cached_tokens_(metrics.counter("cached_prompt_tokens_total",
                                     "Prompt tokens that were not prefilled again",
                                     {{"source", "slot"}})),
      generated_tokens_(metrics.counter("generated_tokens_total", "Tokens generated")),
      keep_alives_(
          metrics.counter("keep_alives_total", "Signs of life sent in streams that were silent")),
      failovers_(metrics.counter("failovers_total",
                                 "Requests that went to another upstream as one had failed")) {}

void FlowMetrics::finished(const Exchange& exchange, const Outcome& outcome) {
  count_request(exchange, outcome);
  count_tokens(exchange);
  time_phases(exchange.timeline);
}

void FlowMetrics::count_request(const Exchange& exchange, const Outcome& outcome) {
  const auto key = std::make_pair(exchange.dialect->name(), outcome.status);
  auto it = requests_.find(key);
  if (it == requests_.end()) {
    const Labels labels{{"endpoint", std::string(exchange.dialect->name())},
                        {"code", std::to_string(outcome.status)}};
    it = requests_
             .emplace(key, metrics_.counter("requests_total", "Exchanges by endpoint and status",
                                            labels))
             .first;
  }
  it->second.add();
}

void FlowMetrics::count_tokens(const Exchange& exchange) {
  const auto& timings = exchange.answer.timings;
  if (!timings) return;
  prompt_tokens_.add(static_cast<double>(timings->cache_n + timings->prompt_n));
  cached_tokens_.add(static_cast<double>(timings->cache_n));
  generated_tokens_.add(static_cast<double>(timings->predicted_n));
  const Timeline& t = exchange.timeline;
  if (!t.first_output) return;
  Histogram& histogram = mostly_cached(*timings) ? ttft_hit_ : ttft_prefill_;
  histogram.observe(seconds(*t.first_output - t.received));
}

void FlowMetrics::time_phases(const Timeline& t) {
  if (t.parsed) parse_.observe(seconds(*t.parsed - t.received));
  if (t.parsed && t.identified) identify_.observe(seconds(*t.identified - *t.parsed));
  if (t.identified && t.routed) {
    route_.observe(seconds(std::max(Duration{}, *t.routed - *t.identified - t.queue_wait)));
  }
  if (t.routed && t.sent) rewrite_.observe(seconds(*t.sent - *t.routed));
  if (t.finished) duration_.observe(seconds(*t.finished - t.received));
}

Duration overhead(const Timeline& t) noexcept {
  return t.sent ? std::max(Duration{}, *t.sent - t.received - t.queue_wait) : Duration{};
}

}  // namespace keep
