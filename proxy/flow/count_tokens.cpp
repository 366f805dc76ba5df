#include "flow/count_tokens.hpp"

#include "base/json/json.hpp"
#include "exchange/large_request.hpp"
#include "flow/placement.hpp"
#include "upstream/fetch.hpp"

#include <string>
#include <type_traits>
#include <utility>

namespace keep {

namespace {

constexpr std::chrono::seconds kLimit{30};  // a long prompt is read at megabytes per second

// The client's key goes on where it would with an answer.
std::string authorization_for(const Flow& flow, const Exchange& exchange, std::size_t upstream) {
  const std::string& own = flow.upstreams.server(upstream).authorization();
  if (!own.empty() || flow.settings.keys) return own;
  return std::string(exchange.request.headers.find("Authorization").value_or(""));
}

Error refusal_of(const FetchResponse& response) {
  const json::Value error = json::Value(response.body).find("error");
  std::string detail = error.find("message").string().value_or("llama-server counts no tokens");
  const bool loading = response.status == 503;
  return Error(loading ? Fault::kLoading : Fault::kBadRequest, Side::kUpstream, std::move(detail));
}

// Asks one endpoint and reads its reply.
Task<FetchResponse> ask(Flow& flow, const Exchange& exchange, const char* target,
                        std::string body) {
  const std::size_t upstream = exchange.route.upstream;
  FetchRequest request("POST", target, std::move(body));
  request.limit = kLimit;
  request.headers.add("Content-Type", "application/json");
  const std::string authorization = authorization_for(flow, exchange, upstream);
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  co_return co_await fetch(flow.upstreams.server(upstream).pool(), std::move(request));
}

// The body that asks how many tokens there are; empty: there is no prompt.
std::string question_about(const std::string& rendered) {
  const auto prompt = json::Value(rendered).find("prompt").string();
  if (!prompt) return {};
  json::Writer text;
  text.begin_object().member("content", *prompt).member("add_special", true);
  return text.member("parse_special", true).end_object().take();
}

std::int64_t tokens_in(const std::string& reply) {
  std::int64_t tokens = 0;
  for ([[maybe_unused]] const json::Value token : json::Value(reply).find("tokens").elements()) {
    ++tokens;
  }
  return tokens;
}

// What takes time in proportion to `bytes`.
template <class Job>
asio::awaitable<std::invoke_result_t<Job&>> off_loop(Flow& flow, std::size_t bytes, Job job) {
  if (bytes < kLargeRequest) co_return job();
  co_return co_await run_on(flow.services.pools.cpu, std::move(job));
}

// For servers that do not count themselves: what they make of the messages, as tokens.
Task<std::int64_t> count_rendered(Flow& flow, Exchange& exchange, std::string body) {
  const auto rendered = co_await ask(flow, exchange, "/apply-template", std::move(body));
  if (!rendered) co_return rendered.error();
  auto about = [&body = rendered->body] { return question_about(body); };
  std::string question = co_await off_loop(flow, rendered->body.size(), about);
  if (rendered->status != 200 || question.empty()) co_return refusal_of(*rendered);
  const auto counted = co_await ask(flow, exchange, "/tokenize", std::move(question));
  if (!counted) co_return counted.error();
  if (counted->status != 200) co_return refusal_of(*counted);
  auto tokens = [&body = counted->body] { return tokens_in(body); };
  co_return co_await off_loop(flow, counted->body.size(), tokens);
}

Task<std::int64_t> count(Flow& flow, Exchange& exchange, std::string body) {
  std::string first = body;
  const auto response =
      co_await ask(flow, exchange, "/v1/chat/completions/input_tokens", std::move(first));
  if (!response) co_return response.error();
  const auto tokens = json::Value(response->body).find("input_tokens").integer();
  if (response->status == 200 && tokens) co_return *tokens;
  if (response->status != 404 && response->status != 405) co_return refusal_of(*response);
  co_return co_await count_rendered(flow, exchange, std::move(body));
}

}  // namespace

Task<std::string> count_tokens(Flow& flow, Exchange& exchange) {
  const auto placed = place(flow, exchange);
  if (!placed) co_return placed.error();
  Stages stages(flow.pipeline, exchange);
  co_await stages.on_count();
  openai::BodyEdits edits = exchange.request_edits;
  edits.insert(edits.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
  auto body = openai::apply_edits(exchange.chat_body, exchange.chat, edits);
  if (!body) co_return body.error();
  for (;;) {
    std::string question = *body;
    const auto tokens = co_await count(flow, exchange, std::move(question));
    if (tokens) co_return exchange.dialect->count_body(*tokens);
    const bool refused = tokens.error().fault == Fault::kBadRequest;
    if (refused || !has_elsewhere(flow, exchange)) co_return tokens.error();
    flow.upstreams.failed(exchange.route.upstream);
    leave_server(flow, exchange);
    const auto moved = place(flow, exchange);
    if (!moved) co_return moved.error();
  }
}

}  // namespace keep
