#include "flow/run_attempt.hpp"

#include "flow/refusal.hpp"
#include "flow/relay.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace keep {

namespace {

// Splicing a body of this size takes longer than the loop may be held.
constexpr std::size_t kLargeBody = 256 << 10;

AttemptResult failed(Error error) { return AttemptResult{AttemptEnd::kFailed, std::move(error)}; }

Task<std::string> edited_body(Flow& flow, const Exchange& exchange) {
  openai::BodyEdits edits = exchange.request_edits;
  edits.insert(edits.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
  const std::string& body = exchange.chat_body;
  if (body.size() < kLargeBody) co_return openai::apply_edits(body, exchange.chat, edits);
  auto splice = [&body, &exchange, edits = std::move(edits)] {
    return openai::apply_edits(body, exchange.chat, edits);
  };
  co_return co_await run_on(flow.services.pools.cpu, std::move(splice));
}

Headers upstream_headers(const Flow& flow, const Exchange& exchange, std::size_t upstream) {
  Headers headers = end_to_end(exchange.request.headers);
  if (!flow.settings.forward_authorization) {
    headers.remove("Authorization");
    headers.remove("x-api-key");
  }
  const std::string& own = flow.upstreams.server(upstream).authorization();
  if (!own.empty()) headers.set("Authorization", own);
  // Compressed events could neither be read nor assembled.
  if (exchange.surface != openai::Surface::kPassThrough) headers.remove("Accept-Encoding");
  return headers;
}

std::string upstream_target(const Exchange& exchange) {
  if (exchange.surface == openai::Surface::kMessages) return "/v1/chat/completions";
  return exchange.request.target;
}

asio::awaitable<AttemptResult> relay(RelayContext context, ResponseHead head) {
  const openai::Surface surface = context.exchange.surface;
  if (surface == openai::Surface::kPassThrough) {
    co_return co_await relay_bytes(context, std::move(head));
  }
  if (head.is_event_stream()) co_return co_await relay_events(context, std::move(head));
  if (head.status == 400 && context.exchange.zone.planned) {
    co_return co_await relay_refusal(context, std::move(head));
  }
  if (surface == openai::Surface::kMessages) {
    auto body = co_await read_error_body(context);
    if (!body) co_return failed(body.error());
    co_return co_await relay_error(context, std::move(head), std::move(*body));
  }
  co_return co_await relay_bytes(context, std::move(head));
}

}  // namespace

asio::awaitable<AttemptResult> run_attempt(Flow& flow, Exchange& exchange, ResponseWriter& writer,
                                           Deadline& deadline) {
  const std::size_t index = exchange.route.upstream;
  UpstreamServer& server = flow.upstreams.server(index);
  ConnectionPool& pool = server.pool();
  const bool is_api = exchange.surface != openai::Surface::kPassThrough;
  std::string edited;
  if (is_api) {
    auto body = co_await edited_body(flow, exchange);
    if (!body) co_return failed(body.error());
    edited = std::move(*body);
  }
  const std::string& body = is_api ? edited : exchange.request.body;
  const Headers headers = upstream_headers(flow, exchange, index);
  const std::string target = upstream_target(exchange);
  const std::string authority = pool.address().authority();
  const std::string head_bytes =
      request_head(exchange.request.method, target, authority, headers, body.size());

  auto connection = pool.take_idle(flow.services.clock.now());
  for (int tries = 0;; ++tries) {
    deadline.set(flow.settings.connect, "connection to upstream");
    if (!connection) {
      auto fresh = co_await pool.connect();
      if (!fresh) {
        flow.upstreams.suspect(index);
        if (tries > 0 || fresh.error().fault == Fault::kCancelled) co_return failed(fresh.error());
        continue;
      }
      connection = std::move(*fresh);
    }
    deadline.set(flow.settings.first_event, "upstream's answer");
    Result<ResponseHead> head = Error();
    const auto sent = co_await connection->send(head_bytes, body);
    exchange.timeline.sent = flow.services.clock.now();
    if (sent) {
      head = co_await connection->read_head(exchange.request.method == "HEAD");
    } else {
      head = sent.error();
    }
    if (!head) {
      const bool stale = connection->reused() && head.error().fault == Fault::kGone;
      connection.reset();
      if (stale && tries == 0) continue;
      flow.upstreams.suspect(index);
      co_return failed(head.error());
    }
    exchange.timeline.head = flow.services.clock.now();
    std::string().swap(edited);  // upstream has it: a long answer need not hold it
    flow.pipeline.on_response_head(exchange, *head);
    const RelayContext context{flow, exchange, *connection, writer, deadline};
    ResponseHead answer = std::move(*head);
    auto result = co_await relay(context, std::move(answer));
    if (result.end == AttemptEnd::kDone) {
      pool.give_back(std::move(connection), flow.services.clock.now());
    }
    co_return result;
  }
}

}  // namespace keep
