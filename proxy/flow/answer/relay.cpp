#include "flow/answer/relay.hpp"

#include "openai/answer/response_encoder.hpp"
#include "openai/event/upstream_error.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace keep {

namespace {

constexpr std::size_t kMaxErrorBody = 1 << 20;

AttemptResult failed(Error error) { return AttemptResult{AttemptEnd::kFailed, std::move(error)}; }
AttemptResult done() { return AttemptResult{AttemptEnd::kDone, Error()}; }

// The head of a stream has left already: upstream's error as the event that upstream would have
// made of it.
asio::awaitable<AttemptResult> relay_error_event(RelayContext c, int status, std::string body) {
  std::ranges::replace(body, '\n', ' ');  // JSON has them between its words only
  std::ranges::replace(body, '\r', ' ');
  const std::string raw = "data: " + body + "\n\n";
  const openai::SseEvent event{raw, {}, body};
  const openai::EventInfo info = openai::read_event(event);
  if (info.kind != openai::EventInfo::Kind::kError) {
    co_return failed(Error(Fault::kProtocol, Side::kUpstream,
                           "upstream sent no stream: status " + std::to_string(status)));
  }
  c.stream.open(encoder_options(c.exchange));
  c.stream.take(event, info, Exchange::kHoldNothing);
  c.deadline.set(c.flow.settings.write, "write to client");
  std::string& out = c.stream.out();
  const auto sent = co_await c.writer.finish(out);
  if (!sent) co_return failed(sent.error());
  co_return failed(openai::read_upstream_error(info));
}

openai::ResponseFields fields_of(const openai::ChatRequest& request) {
  openai::ResponseFields fields;
  for (const json::Member& member : request.fields) {
    if (member.key_is("response_fields")) fields = openai::ResponseFields(member.value);
  }
  return fields;
}

}  // namespace

Headers client_headers(const RelayContext& c, ResponseHead& head) {
  Headers headers = end_to_end(std::move(head.headers));
  headers.remove_if(is_cors_field);
  headers.set_all(explain(c.flow, c.exchange, c.stages));
  // llama-server says so in the body only while it loads.
  if (head.status == 503 && !headers.find("Retry-After")) headers.add("Retry-After", "5");
  return headers;
}

openai::EncoderOptions encoder_options(const Exchange& exchange) {
  const bool translated = exchange.dialect->is_translated();
  openai::EncoderOptions options;
  options.dialect = exchange.dialect;
  options.stream = exchange.chat.stream;
  options.hide_progress = exchange.force_stream && !exchange.chat.return_progress;
  options.model = exchange.chat.model;
  options.id = exchange.id;
  options.echo = exchange.echo;
  openai::describe_request(exchange.chat, options);
  if (exchange.force_stream && exchange.dialect->has_response_fields()) {
    options.fields = fields_of(exchange.chat);
  }
  // A stream that nobody here asked for is nobody's business: it is handed on as it is.
  options.untouched = options.stream && !exchange.force_stream && !translated;
  return options;
}

Explanation explanation_of(const Exchange& exchange, const Stages& stages) {
  Explanation explanation;
  stages.explain(explanation);
  if (exchange.timeline.sent) {
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(overhead(exchange.timeline));
    explanation.say(Explanation::Name::kOverheadUs, us.count());
  }
  return explanation;
}

Headers explain(const Flow& flow, const Exchange& exchange, const Stages& stages) {
  Headers headers;
  headers.add("x-request-id", exchange.id);
  if (!flow.settings.explain || exchange.surface == openai::Surface::kPassThrough) return headers;
  const Explanation explanation = explanation_of(exchange, stages);
  for (const auto& line : explanation.lines()) headers.add(header_of(line.name), line.value);
  return headers;
}

asio::awaitable<AttemptResult> relay_bytes(RelayContext c, ResponseHead head) {
  const Headers headers = client_headers(c, head);
  const auto length = head.content_length;
  for (;;) {
    c.deadline.set(c.flow.settings.between_events, "upstream's next bytes");
    const auto piece = co_await c.connection.read_some();
    if (!piece) co_return broken(piece.error(), c.writer.begun());
    // The head leaves with the first bytes; what fails before them can be told.
    if (!c.writer.begun()) {
      c.note_answer();
      c.writer.begin(head.status, head.reason, headers, length);
    }
    if (piece->empty()) break;
    c.deadline.set(c.flow.settings.write, "write to client");
    const auto sent = co_await c.writer.write(*piece);
    if (!sent) co_return failed(sent.error());
  }
  c.deadline.set(c.flow.settings.write, "write to client");
  const auto ended = co_await c.writer.finish();
  if (!ended) co_return failed(ended.error());
  co_return done();
}

Task<std::string> read_error_body(RelayContext c) { return read_body(c, kMaxErrorBody); }

Task<std::string> read_body(RelayContext c, std::size_t max_bytes) {
  std::string body;
  for (;;) {
    c.deadline.set(c.flow.settings.between_events, "upstream's next bytes");
    const auto piece = co_await c.connection.read_some();
    if (!piece) co_return piece.error();
    if (piece->empty() || body.size() > max_bytes) break;
    body.append(*piece);
  }
  c.note_answer();
  co_return body;
}

asio::awaitable<AttemptResult> relay_error(RelayContext c, ResponseHead head, std::string body) {
  if (c.writer.begun()) co_return co_await relay_error_event(c, head.status, std::move(body));
  LocalReply reply;
  reply.status = head.status;
  reply.body = std::move(body);
  const Headers headers = client_headers(c, head);
  if (const auto type = headers.find("Content-Type")) reply.content_type = *type;
  if (c.exchange.dialect->has_own_errors()) {
    reply.content_type = "application/json";
    reply.body = c.exchange.dialect->error_body(head.status, std::move(reply.body));
  }
  c.deadline.set(c.flow.settings.write, "write to client");
  const auto sent = co_await c.writer.reply(reply, headers);
  if (!sent) co_return failed(sent.error());
  co_return done();
}

}  // namespace keep
