#include "flow/placement.hpp"

#include "base/log.hpp"
#include "exchange/http/endpoints.hpp"
#include "exchange/prospect.hpp"
#include "exchange/window.hpp"

#include <algorithm>

namespace keep {

namespace {

// Of the prompt, from the bytes alone unless upstream has counted it.
std::int64_t estimate(const Flow& flow, const Exchange& exchange) {
  if (exchange.overflow) {
    return std::max(exchange.overflow->prompt_tokens, exchange.overflow->window + 1);
  }
  if (exchange.surface == openai::Surface::kPassThrough) return 0;
  const openai::ChatRequest& chat = exchange.chat;
  std::size_t bytes = chat.tools.raw().size();
  for (const openai::Message& message : chat.messages) bytes += message.text_bytes;
  if (chat.messages.empty()) bytes = exchange.chat_body.size();
  return flow.tokenizer.estimate(bytes);
}

bool may_repeat(const Exchange& exchange) {
  const Request& request = exchange.request;
  return exchange.surface != openai::Surface::kPassThrough || !exchange.timeline.sent ||
         is_repeatable(request.method, request.target);
}

}  // namespace

Result<> place(Flow& flow, Exchange& exchange) {
  Route& route = exchange.route;
  const bool settled = route.lease.held();
  if (settled && !exchange.overflow) return {};
  ServerDemand demand = route.demand;
  demand.model = exchange.chat.model;
  const auto chosen = flow.upstreams.choose(demand, estimate(flow, exchange));
  if (!chosen) return settled ? Result<>() : chosen.error();
  if (settled) {
    if (demand.window <= window_tokens(flow.upstreams.at(route.upstream))) return {};
    route.lease.reset();
  }
  route.demand = std::move(demand);
  route.upstream = *chosen;
  return {};
}

bool has_elsewhere(const Flow& flow, const Exchange& exchange) {
  if (exchange.timeline.first_event || exchange.continuation || !may_repeat(exchange)) return false;
  ServerDemand demand = exchange.route.demand;
  demand.window = 0;  // the prompt is cut anew
  demand.tried.push_back(exchange.route.upstream);
  for (std::size_t i = 0; i < flow.upstreams.size(); ++i) {
    if (flow.upstreams.suits(i, demand)) return true;
  }
  return false;
}

bool is_stranded(Flow& flow, const Exchange& exchange) {
  const Route& route = exchange.route;
  return !route.lease.held() && !has_prospect(flow.upstreams, route.demand);
}

void leave_server(Flow& flow, Exchange& exchange) {
  log::warn("another upstream is asked",
            {{"id", exchange.id}, {"failed", flow.upstreams.at(exchange.route.upstream).url()}});
  flow.metrics.went_elsewhere();
  exchange.route.demand.tried.push_back(exchange.route.upstream);
  exchange.route.lease.reset();
  exchange.timeline.sent.reset();
  exchange.timeline.head.reset();
}

}  // namespace keep
