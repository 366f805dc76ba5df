#include "flow/count_tokens.hpp"

#include "base/json/json.hpp"
#include "exchange/large_request.hpp"
#include "flow/placement.hpp"
#include "upstream/fetch.hpp"

#include <string>
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
  Error said(loading ? Fault::kLoading : Fault::kBadRequest, Side::kUpstream, std::move(detail));
  said.quotes = true;
  return said;
}

// Asks one endpoint and reads its reply.
Task<FetchResponse> ask(Flow& flow, const Exchange& exchange, FetchRequest request) {
  const std::size_t upstream = exchange.route.upstream;
  request.limit = kLimit;
  request.headers.add("Content-Type", "application/json");
  const std::string authorization = authorization_for(flow, exchange, upstream);
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  co_return co_await fetch(flow.upstreams.server(upstream).pool(), std::move(request));
}

FetchRequest post(const char* target, const openai::Pieces& body) {
  FetchRequest request("POST", target);
  request.pieces = body.views();
  return request;
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

// For servers that do not count themselves: what they make of the messages, as tokens.
Task<std::int64_t> count_rendered(Flow& flow, Exchange& exchange, const openai::Pieces& body) {
  FetchRequest render = post("/apply-template", body);
  const auto rendered = co_await ask(flow, exchange, std::move(render));
  if (!rendered) co_return rendered.error();
  auto about = [&body = rendered->body] { return question_about(body); };
  Pool& cpu = flow.services.pools.cpu;
  std::string question = co_await off_loop(cpu, rendered->body.size() >= kLargeRequest, about);
  if (rendered->status != 200 || question.empty()) co_return refusal_of(*rendered);
  FetchRequest tokenize("POST", "/tokenize", std::move(question));
  const auto counted = co_await ask(flow, exchange, std::move(tokenize));
  if (!counted) co_return counted.error();
  if (counted->status != 200) co_return refusal_of(*counted);
  auto tokens = [&body = counted->body] { return tokens_in(body); };
  co_return co_await off_loop(cpu, counted->body.size() >= kLargeRequest, tokens);
}

Task<std::int64_t> count(Flow& flow, Exchange& exchange, const openai::Pieces& body) {
  FetchRequest question = post("/v1/chat/completions/input_tokens", body);
  const auto response = co_await ask(flow, exchange, std::move(question));
  if (!response) co_return response.error();
  const auto tokens = json::Value(response->body).find("input_tokens").integer();
  if (response->status == 200 && tokens) co_return *tokens;
  if (response->status != 404 && response->status != 405) co_return refusal_of(*response);
  co_return co_await count_rendered(flow, exchange, body);
}

// As it is sent to the server that was chosen, whose template has a say in it.
Task<std::int64_t> count_there(Flow& flow, Exchange& exchange) {
  Stages stages(flow.pipeline, exchange);
  MaybeTask<> advised = stages.on_count();
  if (advised.waits()) co_await advised.task();
  const auto body = openai::edited_pieces(exchange.chat_body, exchange.chat, exchange.request_edits,
                                          exchange.attempt_edits);
  if (!body) co_return body.error();
  co_return co_await count(flow, exchange, *body);
}

}  // namespace

Task<std::string> count_tokens(Flow& flow, Exchange& exchange) {
  const openai::BodyEdits own = exchange.request_edits;
  for (;;) {
    const auto placed = place(flow, exchange);
    if (!placed) co_return placed.error();
    exchange.request_edits = own;
    exchange.attempt_edits.clear();
    const auto tokens = co_await count_there(flow, exchange);
    if (tokens) co_return exchange.dialect->count_body(*tokens);
    const Fault fault = tokens.error().fault;
    const bool no_failure = fault == Fault::kBadRequest || fault == Fault::kCancelled;
    if (no_failure || !has_elsewhere(flow, exchange)) co_return tokens.error();
    flow.upstreams.failed(exchange.route.upstream);
    leave_server(flow, exchange);
  }
}

}  // namespace keep
