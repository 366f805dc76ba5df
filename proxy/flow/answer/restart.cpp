#include "flow/answer/restart.hpp"

#include "base/json/json.hpp"

#include <chrono>
#include <cmath>
#include <string>

namespace keep {

namespace {

void set_back(Exchange& exchange, const Continuation& continuation) {
  Answer& answer = exchange.answer;
  answer.text = continuation.text;
  answer.output_events = static_cast<std::uint64_t>(continuation.tokens);
  answer.finish_reason.clear();
  answer.complete = false;
}

// What the client is told about it, with the end of the answer.
std::string summary_of(const Exchange& exchange) {
  const Continuation& continuation = *exchange.continuation;
  const std::size_t recalled = exchange.recalled.mid;
  const double ms = std::chrono::duration<double, std::milli>(continuation.added).count();
  json::Writer out;
  out.begin_object();
  out.member("recall", recalled == 0 ? "none" : "mid;n=" + std::to_string(recalled));
  out.member("resubmits", continuation.resubmits);
  out.member("wasted_tokens", continuation.wasted_tokens);
  out.member("added_ms", std::round(ms * 10) / 10);
  return out.end_object().take();
}

}  // namespace

void stop_answer(Exchange& exchange, ClientStream& stream, Instant paused) {
  stream.cut();
  Continuation continuation;
  if (exchange.continuation) continuation = *exchange.continuation;
  continuation.text = exchange.answer.text.substr(0, stream.given_text());
  continuation.withheld = exchange.answer.text.substr(continuation.text.size());
  continuation.tokens = stream.given_tokens();
  continuation.withdrawn = continuation.as_completion = false;
  ++continuation.resubmits;
  continuation.paused = paused;
  set_back(exchange, continuation);
  exchange.hold_from = Exchange::kHoldNothing;
  exchange.continuation = std::move(continuation);
}

void resume_answer(Exchange& exchange, ClientStream& stream, Instant now) {
  Continuation& continuation = *exchange.continuation;
  continuation.wasted_tokens += stream.aside_tokens();
  continuation.added += now - continuation.paused;
  stream.set_summary(summary_of(exchange));
}

bool withdraw(Exchange& exchange, ClientStream& stream) {
  if (!exchange.continuation || exchange.continuation->withdrawn || !stream.cut_open())
    return false;
  stream.restore();
  Continuation& continuation = *exchange.continuation;
  continuation.text += continuation.withheld;
  continuation.withheld.clear();
  continuation.tokens = stream.given_tokens();
  continuation.withdrawn = true;
  continuation.as_completion = false;
  set_back(exchange, continuation);
  return true;
}

}  // namespace keep
