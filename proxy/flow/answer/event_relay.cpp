// The relay of server-sent events, and of an answer that is as good as one.
#include "base/async/maybe_task.hpp"
#include "base/json/json.hpp"
#include "exchange/large_request.hpp"
#include "flow/answer/relay.hpp"
#include "flow/answer/restart.hpp"
#include "flow/answer/unstreamed.hpp"
#include "openai/answer/answer_end.hpp"
#include "openai/answer/completion_chunk.hpp"
#include "openai/event/chat_reply.hpp"
#include "openai/event/sse_parser.hpp"
#include "openai/event/untold_cache.hpp"
#include "openai/event/upstream_error.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep {

namespace {

constexpr std::size_t kMaxUnsent = 16 << 10;    // before the head
constexpr std::size_t kLargeReply = 256 << 10;  // to read on the loop
// A reply in one JSON. A long answer is a megabyte; with the probabilities of twenty tokens at each
// of its places, or a dozen choices, it is ten.
constexpr std::size_t kMaxReply = 16 << 20;
// In one turn of the loop, where an event counts as so much more than its bytes.
constexpr std::size_t kTurnBytes = 64 << 10, kEventCost = 1 << 10;

AttemptResult failed(Error error) { return AttemptResult{AttemptEnd::kFailed, std::move(error)}; }

// Gathers what the answer says about itself. The id of one that is whole is for its reader to find:
// it may be megabytes away.
void note(Exchange& exchange, const openai::EventInfo& info, Instant now, FlowMetrics& metrics,
          std::optional<Instant>& last_output) {
  Answer& answer = exchange.answer;
  Timeline& timeline = exchange.timeline;
  if (!timeline.first_event) timeline.first_event = now;
  if (answer.id.empty() && !info.whole) answer.id = info.root.find("id").string().value_or("");
  if (info.progress && !answer.progress) answer.progress = info.progress;
  if (info.timings) answer.timings = info.timings;
  if (info.usage) answer.usage = info.usage;
  if (!info.finish_reason.empty()) answer.finish_reason = info.finish_reason;
  if (answer.text.size() < Exchange::kMaxAnswerBytes) answer.text.append(info.content);
  if (info.kind == openai::EventInfo::Kind::kDone) answer.complete = true;
  if (!info.has_output) return;
  ++answer.output_events;
  if (!timeline.first_output) timeline.first_output = now;
  if (last_output) metrics.inter_token(now - *last_output);
  last_output = now;
}

openai::CompletionChunkOptions chunk_options(const Exchange& exchange) {
  openai::CompletionChunkOptions options;
  options.model = exchange.chat.model;
  options.usage =
      !exchange.chat.stream || exchange.chat.include_usage || exchange.dialect->is_translated();
  return options;
}

// A reply in one JSON, as it is to be handed on, and what it amounts to.
struct WholeReply {
  std::string json;
  std::vector<std::string> events;
};

Error bad_reply(const char* why) { return Error(Fault::kProtocol, Side::kUpstream, why); }

// `most`: results, where it is a list of them. What is done for each costs more than its bytes.
Result<WholeReply> read_whole(const std::string& reply, std::size_t most, bool cache_untold) {
  const auto root = json::validate(reply);
  if (!root) return bad_reply("upstream's answer is no JSON");
  if (openai::has_more_results(*root, most)) {
    return bad_reply("upstream gave more results than were asked for");
  }
  WholeReply whole{cache_untold ? openai::untold_reply(reply) : reply, {}};
  whole.events = openai::to_events(whole.json);
  return whole;
}

struct WholeEvent {
  openai::EventInfo info;
  std::string id;  // of the answer
};

WholeEvent read_whole_event(const openai::SseEvent& event, bool wants_id) {
  WholeEvent whole{openai::read_event(event), {}};
  whole.info.whole = true;
  if (wants_id) whole.id = whole.info.root.find("id").string().value_or("");
  return whole;
}

// The state of one event relay between its reads.
class EventRelay {
 public:
  EventRelay(RelayContext context, ResponseHead head)
      : c_(context), head_(std::move(head)), answer_end_(c_.exchange.chat.choices) {
    openai::EncoderOptions options = encoder_options(c_.exchange);
    if (c_.exchange.dialect->has_references() && c_.exchange.chat.store) {
      // A large reply is encoded in the pool; the items belong to the loop.
      options.on_item = [&items = c_.flow.items, name = c_.exchange.identity.name(),
                         &loop = c_.flow.services.loop](std::string_view id,
                                                        std::string_view json) {
        asio::dispatch(loop, [&items, name, id = std::string(id), json = std::string(json)] {
          items.put(name, id, json);
        });
      };
    }
    c_.stream.open(options);
  }

  asio::awaitable<AttemptResult> run() {
    for (;;) {
      const FlowSettings& limits = c_.flow.settings;
      // A prompt that is being read slowly makes progress, which not every server reports.
      c_.deadline.set(last_output_ ? limits.between_events : limits.first_event,
                      "upstream's next event");
      const auto piece = co_await c_.connection.read_some();
      if (!piece) co_return broken(piece.error(), c_.exchange.timeline.first_event.has_value());
      if (piece->empty()) break;
      const auto fed = feed(*piece);
      if (!fed) co_return failed(fed.error());
      while (drain_events() == EventAction::kPause) {
        const bool resubmit = co_await pause();
        if (!resubmit) continue;
        const auto sent = co_await send();
        if (!sent) co_return failed(sent.error());
        co_return AttemptResult{AttemptEnd::kResubmit, Error()};
      }
      if (seam_failed_) co_return failed(upstream_error());
      if (c_.exchange.answer.complete) continue;  // the last bytes go when the answer is on record
      const auto sent = co_await send();
      if (!sent) co_return failed(sent.error());
    }
    MaybeTask<> added = add_unstreamed();
    if (added.waits()) added = co_await added.task();
    if (!added.result()) co_return failed(added.result().error());
    co_return co_await end();
  }

  // Nothing of it can be stopped, and its end is where it ends.
  asio::awaitable<AttemptResult> run_whole() {
    auto reply = co_await read_body(c_, kMaxReply);
    if (!reply) co_return broken(reply.error(), false);
    if (reply->size() > kMaxReply) co_return failed(openai::too_long());
    c_.deadline.clear();  // what follows is work of ours, of a size that is bounded
    const auto most = static_cast<std::size_t>(c_.exchange.chat.choices);
    auto job = [&body = *reply, most, untold = c_.exchange.route.cache_untold] {
      return read_whole(body, most, untold);
    };
    auto whole = co_await off_loop(cpu(), reply->size() >= kLargeReply, job);
    if (!whole) co_return failed(whole.error());
    reply_ = std::move(whole->json);
    events_ = std::move(whole->events);
    co_await show_all();
    c_.exchange.answer.complete = !events_.empty() && !upstream_error_;
    co_return co_await end();
  }

 private:
  // The events of a whole reply, with turns of the loop for others between them.
  asio::awaitable<void> show_all() {
    const Instant now = c_.flow.services.clock.now();
    std::size_t turn = 0;
    for (const std::string& data : events_) {
      const openai::SseEvent event{{}, {}, data};
      auto job = [&event, wants_id = c_.exchange.answer.id.empty()] {
        return read_whole_event(event, wants_id);
      };
      const WholeEvent whole = co_await off_loop(cpu(), data.size() >= kLargeReply, job);
      if (c_.exchange.answer.id.empty()) c_.exchange.answer.id = whole.id;
      show(event, whole.info, now);
      turn += data.size() + kEventCost;
      if (turn < kTurnBytes) continue;
      turn = 0;
      co_await asio::post(asio::use_awaitable);
    }
  }

  Pool& cpu() const noexcept { return c_.flow.services.pools.cpu; }

  static Error upstream_error() {
    return Error(Fault::kProtocol, Side::kUpstream, "upstream ended with an error");
  }

  Result<> feed(std::string_view piece) {
    const auto& continuation = c_.exchange.continuation;
    if (!continuation || !continuation->as_completion) return parser_.feed(piece);
    const auto fed = completions_.feed(piece);
    if (!fed) return fed.error();
    std::string chunks;
    openai::SseEvent event;
    while (completions_.next(event)) {
      openai::append_chat_chunks(event, chunk_options(c_.exchange), chunks);
    }
    return parser_.feed(chunks);
  }

  // kPause: there may be more events.
  EventAction drain_events() {
    openai::SseEvent event;
    const Instant now = c_.flow.services.clock.now();
    const bool is_untold = c_.exchange.route.cache_untold;
    openai::UntoldEvent untold;
    while (parser_.next(event)) {
      openai::EventInfo info = openai::read_event(event);
      const bool tells_where_it_began = is_untold && openai::is_midway(info);
      if (is_untold) untold.apply(event, info);
      const EventAction action = show(event, info, now);
      if (seam_failed_) return EventAction::kForward;  // not for the client
      if (tells_where_it_began) continue;
      c_.stream.skip(c_.exchange.skip_text);
      c_.stream.take(event, info, c_.exchange.hold_from);
      if (action == EventAction::kPause) return action;
    }
    return EventAction::kForward;
  }

  EventAction show(const openai::SseEvent& event, const openai::EventInfo& info, Instant now) {
    note(c_.exchange, info, now, c_.flow.metrics, last_output_);
    c_.note_answer();
    answer_end_.on_event(info);
    if (info.kind == openai::EventInfo::Kind::kError) upstream_error_ = true;
    if (c_.stream.cut_open()) {
      seam_failed_ = !joins(info);
      if (seam_failed_) return EventAction::kForward;
      if (ClientStream::rejoins(info)) resume_answer(c_.exchange, c_.stream, now);
    }
    c_.exchange.hold_from = Exchange::kHoldNothing;
    return c_.stages.on_event(event, info);
  }

  // Whether the attempt can go on with the answer: it failed if it ends before it has said anything
  // (an answer that was stopped for nothing may end there, too).
  bool joins(const openai::EventInfo& info) const {
    if (upstream_error_) return false;
    return info.has_output || info.finish_reason.empty() || c_.exchange.continuation->withdrawn;
  }

  // Whether the rest of the answer is to come from another attempt.
  asio::awaitable<bool> pause() {
    PauseVerdict verdict = PauseVerdict::kGoOn;
    const Instant paused = c_.flow.services.clock.now();
    if (c_.exchange.attempt < kMaxAttempts) {
      c_.deadline.set(c_.flow.settings.between_events, "recall");
      verdict = co_await c_.stages.on_pause();
    } else {
      c_.exchange.hold_from = Exchange::kHoldNothing;
    }
    c_.stream.release(c_.exchange.hold_from);
    if (verdict == PauseVerdict::kGoOn) co_return false;
    stop_answer(c_.exchange, c_.stream, paused);
    co_return true;
  }

  MaybeTask<> add_unstreamed() {
    if (c_.stream.streams() || upstream_error_ || !held_back(c_.exchange)) return Result<>{};
    return fetch_unstreamed();
  }

  Task<> fetch_unstreamed() {
    const auto reply = co_await ask_unstreamed(c_);
    // What was streamed is a whole answer, if an empty one.
    const bool over = !reply && (reply.error().fault == Fault::kCancelled ||
                                 reply.error().side == Side::kDownstream);
    if (over) co_return reply.error();
    if (!reply) co_return Result<>{};
    const auto chunk = openai::to_chunk(*reply);
    if (!chunk) co_return Result<>{};
    openai::SseEvent event{{}, {}, *chunk};
    openai::EventInfo info = openai::read_event(event);
    openai::UntoldEvent untold;
    if (c_.exchange.route.cache_untold) untold.apply(event, info);
    info.whole = true;
    note(c_.exchange, info, c_.flow.services.clock.now(), c_.flow.metrics, last_output_);
    c_.stream.take(event, info, Exchange::kHoldNothing);
    co_return Result<>{};
  }

  void begin(std::optional<std::uint64_t> length) {
    Headers headers = client_headers(c_, head_);
    std::string_view type = "application/json; charset=utf-8";
    if (c_.stream.streams()) type = c_.exchange.dialect->stream_type();
    if (!reply_) headers.set("Content-Type", type);
    c_.exchange.answer.streaming = c_.stream.streams();
    c_.writer.begin(head_.status, head_.reason, headers, length);
  }

  // The head tells how much was cached, which llama-server reports right after its first, empty
  // event and before a long prefill.
  bool may_begin() const {
    const Exchange& exchange = c_.exchange;
    if (!exchange.timeline.first_event) return false;
    const bool reported = exchange.force_stream || exchange.chat.return_progress;
    return !reported || exchange.answer.progress || exchange.timeline.first_output ||
           upstream_error_ || c_.stream.out().size() > kMaxUnsent;
  }

  // The head leaves with the first telling event: the client sees life during a long prefill.
  Task<> send() {
    if (!c_.stream.streams()) co_return Result<>{};
    if (!c_.writer.begun()) {
      if (!may_begin()) co_return Result<>{};
      begin(std::nullopt);
    }
    c_.deadline.set(c_.flow.settings.write, "write to client");
    std::string& out = c_.stream.out();
    const auto sent = co_await c_.writer.write(out);
    out.clear();
    co_return sent;
  }

  // What the head of a stream could not say yet, as a comment before its last events.
  void tell_kept() {
    const Kept kept = c_.exchange.kept;
    if (kept == Kept::kOnDisk || !c_.flow.settings.explain || !c_.writer.begun()) return;
    const std::string text = "x-keep-record " + std::string(to_string(kept));
    c_.stream.out().insert(0, c_.exchange.dialect->comment(text));
  }

  MaybeTask<> finish() {
    if (!reply_) return c_.stream.finish();
    if (c_.exchange.skip_text == 0 && !c_.exchange.dialect->is_translated()) {
      c_.stream.out() = std::move(*reply_);
      return Result<>{};
    }
    auto job = [this] { return encode_whole(); };
    return off_loop(cpu(), reply_->size() >= kLargeReply, job);
  }

  // On any thread: nobody else has the client's stream meanwhile.
  Result<> encode_whole() {
    c_.stream.skip(c_.exchange.skip_text);
    for (const std::string& data : events_) {
      const openai::SseEvent event{{}, {}, data};
      const WholeEvent whole = read_whole_event(event, false);
      c_.stream.take(event, whole.info, Exchange::kHoldNothing);
    }
    return c_.stream.finish();
  }

  asio::awaitable<AttemptResult> end() {
    c_.exchange.answer.complete |= answer_end_.reached();
    if (c_.stream.cut_open()) co_return failed(upstream_error());
    c_.exchange.answer.text.erase(0, c_.exchange.skip_text);  // what is left is the client's
    if (c_.exchange.answer.complete) {
      MaybeTask<> advised = c_.stages.on_answer();
      if (advised.waits()) co_await advised.task();
    }
    tell_kept();
    MaybeTask<> finished = finish();
    if (finished.waits()) finished = co_await finished.task();
    if (!finished.result()) co_return failed(finished.result().error());
    std::string& out = c_.stream.out();
    const bool as_it_came = c_.stream.streams() && !c_.exchange.dialect->is_translated();
    if (as_it_came) out.append(parser_.rest());
    if (!c_.writer.begun()) {
      begin(c_.stream.streams() ? std::nullopt : std::optional<std::uint64_t>(out.size()));
    }
    c_.deadline.set(c_.flow.settings.write, "write to client");
    const auto closed = co_await c_.writer.finish(out);
    if (!closed) co_return failed(closed.error());
    // The client has been told by upstream's own event; the records still have to say so.
    if (upstream_error_) co_return failed(upstream_error());
    co_return AttemptResult{AttemptEnd::kDone, Error()};
  }

  RelayContext c_;
  ResponseHead head_;
  openai::SseParser parser_, completions_;
  openai::AnswerEnd answer_end_;
  std::optional<Instant> last_output_;
  std::optional<std::string> reply_;  // that does not stream
  std::vector<std::string> events_;   // what it amounts to
  bool upstream_error_ = false;
  bool seam_failed_ = false;  // this attempt cannot go on with the answer
};

}  // namespace

asio::awaitable<AttemptResult> relay_events(RelayContext context, ResponseHead head) {
  EventRelay relay(context, std::move(head));
  co_return co_await relay.run();
}

asio::awaitable<AttemptResult> relay_reply(RelayContext context, ResponseHead head) {
  EventRelay relay(context, std::move(head));
  co_return co_await relay.run_whole();
}

}  // namespace keep
