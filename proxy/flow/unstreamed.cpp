#include "flow/unstreamed.hpp"

#include <memory>
#include <string>
#include <utility>

namespace keep {

namespace {

std::int64_t predicted_tokens(const Answer& answer) noexcept {
  if (answer.usage) return answer.usage->completion_tokens;
  return answer.timings ? answer.timings->predicted_n : 0;
}

}  // namespace

bool held_back(const Exchange& exchange) noexcept {
  const Answer& answer = exchange.answer;
  const bool chats = exchange.surface != openai::Surface::kPassThrough &&
                     exchange.surface != openai::Surface::kCompletion;
  if (!chats || !exchange.force_stream || exchange.continuation) return false;
  if (answer.output_events > 0 || answer.finish_reason.empty()) return false;
  // The end of the turn is a token, too.
  return predicted_tokens(answer) > (answer.finish_reason == "length" ? 0 : 1);
}

Task<std::string> ask_unstreamed(RelayContext c) {
  const std::string limit = std::to_string(predicted_tokens(c.exchange.answer));
  c.exchange.attempt_edits.emplace_back(openai::SetField{"stream", "false"});
  c.exchange.attempt_edits.emplace_back(openai::SetField{"n_predict", limit});
  const auto body = upstream_body(c.exchange);
  if (!body) co_return body.error();
  const std::string head = upstream_head(c.flow, c.exchange, body->bytes());
  ConnectionPool& pool = c.flow.upstreams.server(c.exchange.route.upstream).pool();
  c.deadline.set(c.flow.settings.connect, "connection to upstream");
  auto connection = co_await pool.connect();
  if (!connection) co_return connection.error();
  c.deadline.set(c.flow.settings.first_event, "upstream's whole answer");
  const auto sent = co_await (*connection)->send(head, body->views(), c.flow.settings.write);
  if (!sent) co_return sent.error();
  const auto answered = co_await (*connection)->read_head(false);
  if (!answered) co_return answered.error();
  const RelayContext whole{c.flow, c.exchange, **connection, c.writer, c.stream, c.deadline};
  auto reply = co_await read_error_body(whole);
  if (!reply) co_return reply.error();
  pool.give_back(std::move(*connection), c.flow.services.clock.now());
  if (answered->status != 200) reply->clear();
  co_return std::move(*reply);
}

}  // namespace keep
