#include "flow/run_attempt.hpp"

#include "flow/answer/overflow_reply.hpp"
#include "flow/answer/relay.hpp"
#include "flow/placement.hpp"
#include "flow/upstream_request.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace keep {

namespace {

AttemptResult failed(Error error) { return AttemptResult{AttemptEnd::kFailed, std::move(error)}; }

bool is_compressed(const ResponseHead& head) {
  const auto coding = head.headers.find("Content-Encoding");
  return coding && !coding->empty() && !equal_ignoring_case(*coding, "identity");
}

bool is_success(const ResponseHead& head) { return head.status >= 200 && head.status < 300; }

asio::awaitable<AttemptResult> relay(RelayContext context, ResponseHead head) {
  const bool own_errors = context.exchange.dialect->has_own_errors();
  const bool told_here = own_errors && head.status >= 400;  // upstream speaks OpenAI's words
  if (context.exchange.surface == openai::Surface::kPassThrough && !told_here) {
    co_return co_await relay_bytes(context, std::move(head));
  }
  if (is_compressed(head)) {
    co_return failed(Error(Fault::kProtocol, Side::kUpstream,
                           "upstream compressed its answer, which it was asked not to"));
  }
  if (head.is_event_stream()) co_return co_await relay_events(context, std::move(head));
  if (context.exchange.continuation) {  // the client has the first half of an answer
    co_return failed(
        Error(Fault::kProtocol, Side::kUpstream,
              "upstream would not go on with an answer: status " + std::to_string(head.status)));
  }
  if (head.status == 400 && context.exchange.zone.planned) {
    co_return co_await relay_overflow(context, std::move(head));
  }
  if (is_success(head) && !context.exchange.chat.stream) {
    co_return co_await relay_reply(context, std::move(head));
  }
  const bool translated =
      own_errors || context.exchange.dialect->is_translated() || context.writer.begun();
  if (translated && head.status < 400) {  // neither an answer of that kind nor an error
    co_return failed(Error(Fault::kProtocol, Side::kUpstream,
                           "upstream sent no answer: status " + std::to_string(head.status)));
  }
  if (own_errors || context.writer.begun()) {
    auto body = co_await read_error_body(context);
    if (!body) co_return broken(body.error(), false);
    co_return co_await relay_error(context, std::move(head), std::move(*body));
  }
  co_return co_await relay_bytes(context, std::move(head));
}

}  // namespace

asio::awaitable<AttemptResult> run_attempt(Flow& flow, Exchange& exchange, Stages& stages,
                                           ResponseWriter& writer, ClientStream& stream,
                                           Deadline& deadline) {
  const std::size_t index = exchange.route.upstream;
  UpstreamServer& server = flow.upstreams.server(index);
  ConnectionPool& pool = server.pool();
  const auto body = upstream_body(exchange);
  if (!body) co_return failed(body.error());
  const std::string head_bytes = upstream_head(flow, exchange, body->bytes());

  auto connection = pool.take_idle();
  for (int tries = 0;; ++tries) {
    if (!connection) {
      auto fresh = co_await pool.connect(flow.settings.connect);
      if (!fresh) {
        const Fault fault = fresh.error().fault;
        const bool over = fault == Fault::kCancelled || fault == Fault::kTimeout;
        if (tries == 0 && !over) continue;
        co_return broken(fresh.error(), false);
      }
      connection = std::move(*fresh);
    }
    deadline.set(flow.settings.first_event, "upstream's answer");
    Result<ResponseHead> head = Error();
    const auto sent = co_await connection->send(head_bytes, body->views(), flow.settings.write);
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
      co_return broken(head.error(), false);
    }
    exchange.timeline.head = flow.services.clock.now();
    if (head->status == 503 && has_elsewhere(flow, exchange)) {
      const Error error(Fault::kLoading, Side::kUpstream, "upstream is not ready");
      co_return broken(error, false);
    }
    const RelayContext context{flow, exchange, stages, *connection, writer, stream, deadline};
    ResponseHead answer = std::move(*head);
    auto result = co_await relay(context, std::move(answer));
    if (result.end == AttemptEnd::kDone) {
      pool.give_back(std::move(connection));
    }
    co_return result;
  }
}

}  // namespace keep
