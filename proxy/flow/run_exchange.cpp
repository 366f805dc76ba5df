#include "flow/run_exchange.hpp"

#include "base/async/deadline.hpp"
#include "base/log.hpp"
#include "flow/answer/keep_alive.hpp"
#include "flow/answer/relay.hpp"
#include "flow/answer/restart.hpp"
#include "flow/placement.hpp"
#include "flow/run_attempt.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace keep {

namespace {

constexpr std::size_t kMostFields = 20;  // of the line in the log

// All that may be cut short by the client leaving or a limit passing. `error` goes when the client
// has its whole answer.
asio::awaitable<void> attempts(Flow& flow, Exchange& exchange, Stages& stages,
                               ResponseWriter& writer, ClientStream& stream, Deadline& deadline,
                               std::optional<Error>& error) {
  exchange.attempt = 1;
  for (int stranded = 0;;) {
    if (!deadline.passed())
      deadline.clear();  // the last attempt's: plugins have limits of their own
    exchange.attempt_edits.clear();
    const auto placed = place(flow, exchange);
    if (!placed) {
      error = placed.error();
      co_return;
    }
    MaybeTask<> routing = stages.on_route();
    if (routing.waits()) routing = co_await routing.task();
    const Result<>& routed = routing.result();
    exchange.timeline.routed = flow.services.clock.now();
    if (!routed) {
      if (withdraw(exchange, stream)) {
        ++exchange.attempt;
        continue;
      }
      if (is_stranded(flow, exchange) && ++stranded < kMaxAttempts) continue;
      error = routed.error();
      co_return;
    }
    exchange.overflow.reset();
    MaybeTask<> advised = stages.on_upstream_request();
    if (advised.waits()) co_await advised.task();
    AttemptResult result = co_await run_attempt(flow, exchange, stages, writer, stream, deadline);
    if (result.end == AttemptEnd::kSilent) flow.upstreams.failed(exchange.route.upstream);
    const bool resubmit = result.end == AttemptEnd::kResubmit && exchange.attempt < kMaxAttempts;
    const bool failed = result.end == AttemptEnd::kFailed || result.end == AttemptEnd::kSilent;
    if (resubmit || (failed && withdraw(exchange, stream))) {
      ++exchange.attempt;
      continue;
    }
    if (result.end == AttemptEnd::kSilent && has_elsewhere(flow, exchange)) {
      leave_server(flow, exchange);
      continue;
    }
    if (result.end == AttemptEnd::kDone) {
      error.reset();
    } else {
      error = std::move(result.error);
    }
    co_return;
  }
}

// All of that, or `own`: a reply of a stage. A sign of life may bring the head, so there is none
// before the stages have had their say.
asio::awaitable<void> answer(Flow& flow, Exchange& exchange, Stages& stages, ResponseWriter& writer,
                             ClientStream& stream, Deadline& deadline, Reply& own,
                             std::optional<Error>& error) {
  MaybeTask<Verdict> asking = stages.on_request();
  if (asking.waits()) asking = co_await asking.task();
  const Result<Verdict>& verdict = asking.result();
  exchange.timeline.identified = flow.services.clock.now();
  if (verdict && std::holds_alternative<Reply>(*verdict)) {
    own = std::get<Reply>(*verdict);
    error.reset();
    co_return;
  }
  const KeepAlive keep_alive(flow, exchange, stages, writer, deadline);
  co_await attempts(flow, exchange, stages, writer, stream, deadline, error);
}

// Why there is no whole answer, if so. Waiting for a slot has a limit of its own, so there is no
// deadline until upstream is asked.
asio::awaitable<std::optional<Error>> guarded_answer(Flow& flow, Exchange& exchange, Stages& stages,
                                                     ResponseWriter& writer, ClientStream& stream,
                                                     Guard& guard, Reply& own) {
  std::optional<Error> error = Error(Fault::kCancelled, Side::kInternal, "llama-keep is stopping");
  const Error stopping = *error;
  Deadline& deadline = guard.deadline();
  auto work = answer(flow, exchange, stages, writer, stream, deadline, own, error);
  const bool whole = co_await guard.run_watched(std::move(work));
  if (!error) co_return error;
  if (guard.client_gone()) co_return Error(Fault::kGone, Side::kDownstream, "client left");
  if (deadline.passed()) {
    co_return Error(Fault::kTimeout, Side::kUpstream,
                    std::string("waited too long for ") + deadline.what());
  }
  if (!whole) co_return stopping;
  co_return error;
}

// Before the head: a reply of our own. In a stream: an event; where an answer had begun, the
// missing last chunk says that it was cut. In anything else begun the cut alone has to speak.
asio::awaitable<void> tell_client(Flow& flow, const Exchange& exchange, const Stages& stages,
                                  ResponseWriter& writer, ClientStream& stream, const Error& error,
                                  Deadline& deadline) {
  deadline.set(flow.settings.write, "write to client");
  if (!writer.begun()) {
    const LocalReply reply = in_dialect(*exchange.dialect, *to_reply(error));
    const Headers headers = explain(flow, exchange, stages);
    co_await writer.reply(reply, headers);
  } else if (exchange.answer.streaming && writer.intact()) {
    stream.open(encoder_options(exchange));
    stream.give_all();
    stream.tell(error);
    std::string& rest = stream.out();
    if (!exchange.timeline.first_event) {
      co_await writer.finish(rest);
    } else {
      co_await writer.write(rest);
      writer.abandon();
    }
  }
}

void log_end(const Exchange& exchange, const Outcome& outcome, const Stages& stages) {
  const bool failed = outcome.error && outcome.error->fault != Fault::kGone;
  const log::Level level = failed ? log::Level::kWarn : log::Level::kInfo;
  if (!log::is_written(level)) return;
  const Explanation explanation = explanation_of(exchange, stages);
  std::vector<log::Field> fields;
  fields.reserve(kMostFields);
  fields.emplace_back("id", exchange.id);
  fields.emplace_back("endpoint", exchange.dialect->name());
  fields.emplace_back("status", outcome.status);
  fields.emplace_back("attempt", exchange.attempt);
  fields.emplace_back("failovers", exchange.route.demand.tried.size());
  for (const auto& line : explanation.lines()) {
    fields.emplace_back(field_of(line.name), line.value);
    if (line.is_number) fields.back().quoted = false;
  }
  if (exchange.answer.timings) fields.emplace_back("prefilled", exchange.answer.timings->prompt_n);
  if (outcome.error) {
    const Error& error = *outcome.error;
    fields.emplace_back("error", error.quotes ? "upstream's, see its log" : error.detail);
  }
  log::write(level, failed ? "exchange failed" : "exchange", fields);
}

}  // namespace

asio::awaitable<void> run_exchange(Flow& flow, Exchange& exchange, ResponseWriter& writer,
                                   Guard& guard) {
  Outcome outcome;
  Stages stages(flow.pipeline, exchange);
  ClientStream stream;
  try {
    Reply own;
    outcome.error = co_await guarded_answer(flow, exchange, stages, writer, stream, guard, own);
    if (own && !outcome.error) {
      outcome.local = true;
      const Headers headers = explain(flow, exchange, stages);
      const LocalReply reply = in_dialect(*exchange.dialect, *own);
      co_await writer.reply(reply, headers);
    }
  } catch (const boost::system::system_error& e) {
    const bool stopping = e.code() == asio::error::operation_aborted;
    outcome.error =
        Error(stopping ? Fault::kCancelled : Fault::kInternal, Side::kInternal, e.what());
  } catch (const std::exception& e) {
    outcome.error = Error(Fault::kInternal, Side::kInternal, e.what());
  }
  std::exception_ptr untold;
  if (outcome.error && !guard.client_gone()) {
    try {
      auto work =
          tell_client(flow, exchange, stages, writer, stream, *outcome.error, guard.deadline());
      co_await guard.run(std::move(work));
    } catch (const std::exception&) {
      untold = std::current_exception();
    }
  }

  exchange.timeline.finished = flow.services.clock.now();
  outcome.status = writer.begun() ? writer.status() : untold ? 500 : 499;
  stages.on_finish(outcome);
  flow.metrics.finished(exchange, outcome);
  log_end(exchange, outcome, stages);
  if (untold) std::rethrow_exception(untold);
}

}  // namespace keep
