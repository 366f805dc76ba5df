#include "plugins/history/zone/prompt_counter.hpp"

#include "base/async/pools.hpp"
#include "base/json/json.hpp"
#include "exchange/large_request.hpp"
#include "openai/count_of.hpp"
#include "openai/request/message.hpp"
#include "openai/roles/role_fit.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace keep::history {

namespace {

// A list of so many bytes takes longer to read than the loop should be held.
constexpr std::size_t kLargeReply = 1 << 20;

Error unread(std::string_view target) {
  return Error(Fault::kProtocol, Side::kUpstream, std::string(target) + " gave no count");
}

Tokens elements_of(const json::Value& list) {
  Tokens count = 0;
  for ([[maybe_unused]] const json::Value element : list.elements()) ++count;
  return count;
}

// Of a text of so many bytes.
Result<Tokens> tokens_in(const std::string& reply, std::size_t bytes) {
  const auto root = json::validate(reply);
  if (!root || !root->find("tokens").is_array()) return unread("/tokenize");
  const Tokens tokens = elements_of(root->find("tokens"));
  if (!is_count_of(bytes, tokens)) return unread("/tokenize");
  return tokens;
}

// A prompt that is shorter than the newest message is no rendering of it: somebody answers whatever
// is asked.
std::size_t least_bytes(const openai::ChatRequest& chat) {
  if (chat.messages.empty()) return 0;
  const std::string text = openai::content_text(chat.messages.back().content);
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, blank));
}

std::string tokenize_body(std::string_view prompt) {
  json::Writer body;
  body.begin_object().member("content", prompt);
  body.member("add_special", true).member("parse_special", true).end_object();
  return body.take();
}

// How many tokens are there? Empty: there is no prompt in the reply.
struct Question {
  std::string body;
  std::size_t bytes = 0;  // of the prompt
};

Question question_about(const std::string& rendered, const openai::ChatRequest& chat) {
  Question question;
  const auto root = json::validate(rendered);
  const auto prompt = root ? root->find("prompt").string() : std::nullopt;
  if (!prompt || prompt->size() < least_bytes(chat)) return question;
  question.body = tokenize_body(*prompt);
  question.bytes = prompt->size();
  return question;
}

}  // namespace

asio::awaitable<std::optional<Tokens>> PromptCounter::count(const Exchange& exchange,
                                                            const openai::BodyEdits& edits) {
  if (services_.clock.now() < paused_until_) co_return std::nullopt;
  const std::size_t upstream = exchange.route.upstream;
  const openai::BodyEdits ordered = co_await in_order(exchange, edits, upstream);
  const auto pieces =
      openai::edited_pieces(exchange.chat_body, exchange.chat, exchange.request_edits, ordered);
  if (!pieces) co_return std::nullopt;
  std::string body;
  body.reserve(pieces->bytes());
  pieces->append_to(body);
  const auto counted = co_await ask(exchange, upstream, std::move(body));
  if (counted) co_return *counted;
  // A request that the server refuses to render is nobody else's trouble.
  if (counted.error().fault != Fault::kProtocol) {
    paused_until_ = services_.clock.now() + kPause;
  }
  co_return std::nullopt;
}

// Of `edits`, which waits where it is.
asio::awaitable<openai::BodyEdits> PromptCounter::fit(const Exchange& exchange,
                                                      const openai::BodyEdits& edits,
                                                      openai::RoleOrders orders) {
  auto job = [&exchange, &edits, orders] {
    return openai::fit_roles(exchange.chat, exchange.request_edits, edits, orders);
  };
  co_return co_await off_loop(services_.pools.cpu, is_large(exchange), job);
}

// With the messages in the order that the template renders, as they will be sent.
asio::awaitable<openai::BodyEdits> PromptCounter::in_order(const Exchange& exchange,
                                                           openai::BodyEdits edits,
                                                           std::size_t upstream) {
  if (openai::roles_fit(exchange.chat, exchange.request_edits, edits, openai::kStrictest)) {
    co_return edits;
  }
  const auto orders = co_await servers_.templates.orders(upstream);
  if (!orders) co_return edits;
  openai::BodyEdits fitted = co_await fit(exchange, edits, *orders);
  for (openai::BodyEdit& edit : fitted) edits.push_back(std::move(edit));
  co_return edits;
}

Task<Tokens> PromptCounter::ask(const Exchange& exchange, std::size_t upstream, std::string body) {
  std::string target = "/v1/chat/completions/input_tokens";
  const bool chat = exchange.chat.surface == openai::Surface::kChat;
  if (chat && !openai::holds_media(exchange.chat)) {
    co_return co_await count_rendered(exchange, upstream, std::move(body));
  }
  co_return co_await count_input(upstream, std::move(target), std::move(body));
}

Task<Tokens> PromptCounter::count_rendered(const Exchange& exchange, std::size_t upstream,
                                           std::string body) {
  auto rendered = co_await servers_.queries.post(upstream, "/apply-template", std::move(body));
  if (!rendered) co_return rendered.error();
  const bool large = is_large(exchange) || rendered->size() >= kLargeReply;
  auto read = [&exchange, reply = *std::move(rendered)] {
    return question_about(reply, exchange.chat);
  };
  Question question = co_await off_loop(services_.pools.cpu, large, std::move(read));
  if (question.body.empty()) co_return unread("/apply-template");
  const std::size_t bytes = question.bytes;
  auto reply = co_await servers_.queries.post(upstream, "/tokenize", std::move(question.body));
  if (!reply) co_return reply.error();
  auto job = [&reply = *reply, bytes] { return tokens_in(reply, bytes); };
  co_return co_await off_loop(services_.pools.cpu, reply->size() >= kLargeReply, job);
}

Task<Tokens> PromptCounter::count_input(std::size_t upstream, std::string target,
                                        std::string body) {
  const auto reply = co_await servers_.queries.post(upstream, target, std::move(body));
  if (!reply) co_return reply.error();
  const auto root = json::validate(*reply);
  const Tokens tokens = root ? openai::count_of(root->find("input_tokens")) : 0;
  if (tokens == 0) co_return unread(target);
  co_return tokens;
}

}  // namespace keep::history
