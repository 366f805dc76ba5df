#include "flow/answer/unstreamed.hpp"

#include "base/async/race.hpp"
#include "flow/upstream_request.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace keep {

namespace {

// More than the stream took: as many tokens after a prompt that is cached by now.
constexpr std::chrono::seconds kMargin{2};

std::int64_t predicted_tokens(const Answer& answer) noexcept {
  if (answer.usage) return answer.usage->completion_tokens;
  return answer.timings ? answer.timings->predicted_n : 0;
}

Task<std::string> ask(RelayContext c, std::string_view head, const openai::Pieces& body,
                      Duration limit) {
  ConnectionPool& pool = c.flow.upstreams.server(c.exchange.route.upstream).pool();
  auto connection = co_await pool.connect(limit);
  if (!connection) co_return connection.error();
  const auto sent = co_await (*connection)->send(head, body.views(), limit);
  if (!sent) co_return sent.error();
  const auto answered = co_await (*connection)->read_head(false);
  if (!answered) co_return answered.error();
  const RelayContext whole{c.flow,   c.exchange, c.stages,  **connection,
                           c.writer, c.stream,   c.deadline};
  auto reply = co_await read_error_body(whole);
  if (!reply) co_return reply.error();
  pool.give_back(std::move(*connection));
  if (answered->status != 200) reply->clear();
  co_return std::move(*reply);
}

asio::awaitable<void> ask_into(RelayContext c, std::string_view head, const openai::Pieces& body,
                               Duration limit, std::optional<Result<std::string>>& result) {
  result = co_await ask(c, head, body, limit);
}

}  // namespace

bool held_back(const Exchange& exchange) noexcept {
  const Answer& answer = exchange.answer;
  const bool chats = exchange.surface == openai::Surface::kChat;
  if (!chats || !exchange.force_stream || exchange.continuation) return false;
  if (answer.output_events > 0 || answer.finish_reason.empty()) return false;
  // The end of the turn is a token, too.
  return predicted_tokens(answer) > (answer.finish_reason == "length" ? 0 : 1);
}

Task<std::string> ask_unstreamed(RelayContext c) {
  const std::string tokens = std::to_string(predicted_tokens(c.exchange.answer));
  c.exchange.attempt_edits.emplace_back(openai::SetField{"stream", "false"});
  c.exchange.attempt_edits.emplace_back(openai::SetField{"n_predict", tokens});
  const auto body = upstream_body(c.exchange);
  if (!body) co_return body.error();
  const std::string head = upstream_head(c.flow, c.exchange, body->bytes());
  const Duration limit = c.flow.services.clock.now() - *c.exchange.timeline.sent + kMargin;
  c.deadline.set(limit + kMargin, "upstream's whole answer");
  const auto executor = co_await asio::this_coro::executor;
  Deadline unheeded(executor, [] {});  // what passes here is no end of the exchange
  const RelayContext inner{c.flow,   c.exchange, c.stages, c.connection,
                           c.writer, c.stream,   unheeded};
  std::optional<Result<std::string>> reply;
  auto asking = ask_into(inner, head, *body, limit, reply);
  auto patience = elapse(limit);
  const std::size_t first = co_await race(std::move(asking), std::move(patience));
  if (first == 0 && reply) co_return *std::move(reply);
  co_return Error(Fault::kTimeout, Side::kUpstream, "upstream's whole answer did not come");
}

}  // namespace keep
