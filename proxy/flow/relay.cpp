#include "flow/relay.hpp"

#include "openai/anthropic.hpp"
#include "openai/response_encoder.hpp"
#include "openai/sse_parser.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace keep {

namespace {

constexpr std::size_t kMaxErrorBody = 1 << 20;
constexpr std::size_t kMaxUnsent = 16 << 10;  // before the head

AttemptResult failed(Error error) { return AttemptResult{AttemptEnd::kFailed, std::move(error)}; }
AttemptResult done() { return AttemptResult{AttemptEnd::kDone, Error()}; }

Headers client_headers(const RelayContext& c, const ResponseHead& head) {
  Headers headers = end_to_end(head.headers);
  for (const Header& h : explain(c.flow, c.exchange)) headers.set(h.name, h.value);
  // llama-server says so in the body only while it loads.
  if (head.status == 503 && !headers.find("Retry-After")) headers.add("Retry-After", "5");
  return headers;
}

}  // namespace

openai::EncoderOptions encoder_options(const Exchange& exchange) {
  openai::EncoderOptions options;
  options.surface = exchange.surface;
  options.stream = exchange.chat.stream;
  options.hide_progress = exchange.force_progress && !exchange.chat.return_progress;
  options.model = exchange.chat.model;
  options.id = exchange.id;
  openai::describe_request(exchange.chat, options);
  // A stream that nobody here asked for is nobody's business: it is handed on as it is.
  const bool translated = exchange.surface == openai::Surface::kMessages;
  if (options.stream && !exchange.force_progress && !translated) {
    options.surface = openai::Surface::kPassThrough;
  }
  return options;
}

namespace {

// Of a chat chunk, or of the response object that the events of /v1/responses carry.
std::string response_id(const json::Value& root) {
  json::Value id = root.find("id");
  if (id.missing()) id = root.find("response").find("id");
  return id.string().value_or("");
}

// Gathers what the answer says about itself.
void note(Exchange& exchange, const openai::EventInfo& info, Instant now, FlowMetrics& metrics,
          Instant& last_output) {
  Answer& answer = exchange.answer;
  Timeline& timeline = exchange.timeline;
  if (!timeline.first_event) timeline.first_event = now;
  if (answer.id.empty()) answer.id = response_id(info.root);
  if (info.progress && !answer.progress) answer.progress = info.progress;
  if (info.timings) answer.timings = info.timings;
  if (info.usage) answer.usage = info.usage;
  if (!info.finish_reason.empty()) answer.finish_reason = info.finish_reason;
  if (answer.text.size() < Exchange::kMaxAnswerBytes) answer.text.append(info.content);
  if (info.kind == openai::EventInfo::Kind::kDone) answer.complete = true;
  if (!info.has_output) return;
  ++answer.output_events;
  if (timeline.first_output) {
    metrics.inter_token(now - last_output);
  } else {
    timeline.first_output = now;
  }
  last_output = now;
}

}  // namespace

Headers explain(const Flow& flow, const Exchange& exchange) {
  Headers headers;
  headers.add("x-request-id", exchange.id);
  if (!flow.settings.explain || exchange.surface == openai::Surface::kPassThrough) return headers;
  flow.pipeline.explain(exchange, headers);
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(overhead(exchange.timeline));
  headers.add("X-Keep-Overhead-Us", std::to_string(us.count()));
  return headers;
}

asio::awaitable<AttemptResult> relay_bytes(RelayContext c, ResponseHead head) {
  const Headers headers = client_headers(c, head);
  const auto length = head.content_length;
  c.writer.begin(head.status, head.reason, headers, length);
  for (;;) {
    c.deadline.set(c.flow.settings.between_events, "upstream's next bytes");
    const auto piece = co_await c.connection.read_some();
    if (!piece) co_return failed(piece.error());
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

Task<std::string> read_error_body(RelayContext c) {
  std::string body;
  for (;;) {
    c.deadline.set(c.flow.settings.between_events, "upstream's next bytes");
    const auto piece = co_await c.connection.read_some();
    if (!piece) co_return piece.error();
    if (piece->empty() || body.size() > kMaxErrorBody) co_return body;
    body.append(*piece);
  }
}

asio::awaitable<AttemptResult> relay_error(RelayContext c, ResponseHead head, std::string body) {
  LocalReply reply;
  reply.status = head.status;
  reply.body = std::move(body);
  const Headers headers = client_headers(c, head);
  if (const auto type = headers.find("Content-Type")) reply.content_type = *type;
  if (c.exchange.surface == openai::Surface::kMessages) {
    reply.content_type = "application/json";
    reply.body = openai::anthropic::to_error_body(head.status, reply.body);
  }
  c.deadline.set(c.flow.settings.write, "write to client");
  const auto sent = co_await c.writer.reply(reply, headers);
  if (!sent) co_return failed(sent.error());
  co_return done();
}

namespace {

// The state of one event relay between its reads.
class EventRelay {
 public:
  EventRelay(RelayContext context, ResponseHead head)
      : c_(context),
        head_(std::move(head)),
        encoder_(openai::make_encoder(encoder_options(context.exchange))) {}

  asio::awaitable<AttemptResult> run() {
    for (;;) {
      const FlowSettings& limits = c_.flow.settings;
      const bool started = c_.exchange.timeline.first_event.has_value();
      c_.deadline.set(started ? limits.between_events : limits.first_event,
                      "upstream's next event");
      const auto piece = co_await c_.connection.read_some();
      if (!piece) co_return failed(piece.error());
      if (piece->empty()) break;
      const auto fed = parser_.feed(*piece);
      if (!fed) co_return failed(fed.error());
      if (drain_events()) co_return AttemptResult{AttemptEnd::kResubmit, Error()};
      if (c_.exchange.answer.complete) continue;  // the last bytes go when the answer is on record
      const auto sent = co_await send();
      if (!sent) co_return failed(sent.error());
    }
    co_return co_await end();
  }

 private:
  // True when a plugin wants another attempt.
  bool drain_events() {
    openai::SseEvent event;
    const Instant now = std::chrono::steady_clock::now();
    while (parser_.next(event)) {
      const openai::EventInfo info = openai::read_event(event);
      note(c_.exchange, info, now, c_.flow.metrics, last_output_);
      if (info.kind == openai::EventInfo::Kind::kError) upstream_error_ = true;
      const EventAction action = c_.flow.pipeline.on_event(c_.exchange, event, info);
      if (action == EventAction::kResubmit) return true;
      if (action == EventAction::kForward) encoder_->on_event(event, info, out_);
    }
    return false;
  }

  void begin(std::optional<std::uint64_t> length) {
    Headers headers = client_headers(c_, head_);
    const char* type =
        encoder_->streams() ? "text/event-stream" : "application/json; charset=utf-8";
    headers.set("Content-Type", type);
    c_.exchange.answer.streaming = encoder_->streams();
    c_.writer.begin(head_.status, head_.reason, headers, length);
  }

  // The head tells how much was cached, which llama-server reports right after its first, empty
  // event and before a long prefill.
  bool may_begin() const {
    const Exchange& exchange = c_.exchange;
    if (!exchange.timeline.first_event) return false;
    const bool reported = exchange.force_progress || exchange.chat.return_progress;
    return !reported || exchange.answer.progress || exchange.timeline.first_output ||
           upstream_error_ || out_.size() > kMaxUnsent;
  }

  // The head leaves with the first telling event: the client sees life during a long prefill.
  Task<> send() {
    if (!encoder_->streams()) co_return Result<>{};
    if (!c_.writer.begun()) {
      if (!may_begin()) co_return Result<>{};
      begin(std::nullopt);
    }
    c_.deadline.set(c_.flow.settings.write, "write to client");
    const auto sent = co_await c_.writer.write(out_);
    out_.clear();
    co_return sent;
  }

  asio::awaitable<AttemptResult> end() {
    c_.exchange.answer.complete |= !c_.exchange.answer.finish_reason.empty();
    if (c_.exchange.answer.complete) co_await c_.flow.pipeline.on_answer(c_.exchange);
    const auto finished = encoder_->finish(out_);
    if (!finished) co_return failed(finished.error());
    if (encoder_->streams()) out_.append(parser_.rest());
    if (!c_.writer.begun()) {
      begin(encoder_->streams() ? std::nullopt : std::optional<std::uint64_t>(out_.size()));
    }
    c_.deadline.set(c_.flow.settings.write, "write to client");
    const auto closed = co_await c_.writer.finish(out_);
    if (!closed) co_return failed(closed.error());
    // The client has been told by upstream's own event; the records still have to say so.
    if (upstream_error_) {
      co_return failed(
          Error(Fault::kProtocol, Side::kUpstream, "upstream ended with an error event"));
    }
    co_return done();
  }

  RelayContext c_;
  ResponseHead head_;
  std::unique_ptr<openai::ResponseEncoder> encoder_;
  openai::SseParser parser_;
  std::string out_;
  Instant last_output_{};
  bool upstream_error_ = false;
};

}  // namespace

asio::awaitable<AttemptResult> relay_events(RelayContext context, ResponseHead head) {
  EventRelay relay(context, std::move(head));
  co_return co_await relay.run();
}

}  // namespace keep
