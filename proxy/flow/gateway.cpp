#include "flow/gateway.hpp"

#include "base/ids.hpp"
#include "flow/run_exchange.hpp"
#include "openai/anthropic.hpp"

#include <algorithm>
#include <utility>

namespace keep {

namespace {

// Bodies from here on take longer than the loop should be held, about a millisecond. Translating
// one costs several times as much as reading it.
constexpr std::size_t kLargeBody = 2 << 20, kLargeTranslation = 256 << 10;
constexpr std::size_t kMaxRequestId = 128;

std::string request_id(const Headers& headers) {
  const auto sent = headers.find("x-request-id");
  const auto printable = [](char c) { return c > ' ' && c < 127; };
  if (sent && !sent->empty() && sent->size() <= kMaxRequestId &&
      std::all_of(sent->begin(), sent->end(), printable)) {
    return std::string(*sent);
  }
  return random_id("req-");
}

// With nullptr everything is read anew.
Result<> parse_body(Exchange& exchange, openai::PrefixMemory* prefixes) {
  openai::Surface body_surface = exchange.surface;
  if (exchange.surface == openai::Surface::kMessages) {
    auto translated = openai::anthropic::to_chat_body(exchange.request.body);
    if (!translated) return translated.error();
    exchange.chat_body = std::move(*translated);
    body_surface = openai::Surface::kChat;
  } else {
    exchange.chat_body = std::move(exchange.request.body);
  }
  const std::string& body = exchange.chat_body;
  auto chat = prefixes != nullptr ? openai::parse_chat_request(body, body_surface, *prefixes)
                                  : openai::parse_chat_request(body, body_surface);
  if (!chat) return chat.error();
  exchange.chat = std::move(*chat);
  return {};
}

}  // namespace

Gateway::Gateway(Flow& flow, Authenticate authenticate, IsOpen is_open, Local local)
    : flow_(flow),
      authenticate_(std::move(authenticate)),
      is_open_(std::move(is_open)),
      local_(std::move(local)) {}

Result<std::string> Gateway::admit(const Request& request) const {
  auto tenant = authenticate_(request);
  if (!tenant) {
    return Error(Fault::kUnauthorized, Side::kDownstream,
                 "missing or unknown API key (Authorization: Bearer ...)");
  }
  return std::move(*tenant);
}

// What is remembered belongs to the loop.
Task<> Gateway::parse(Exchange& exchange) {
  if (exchange.surface == openai::Surface::kPassThrough) co_return Result<>{};
  const bool translated = exchange.surface == openai::Surface::kMessages;
  const std::size_t large = translated ? kLargeTranslation : kLargeBody;
  if (exchange.request.body.size() < large) co_return parse_body(exchange, &prefixes_);
  auto job = [&exchange] { return parse_body(exchange, nullptr); };
  co_return co_await run_on(flow_.services.pools.cpu, std::move(job));
}

asio::awaitable<void> Gateway::refuse(Exchange& exchange, ResponseWriter& writer,
                                      const Error& error) {
  LocalReply reply = *to_reply(error);
  if (exchange.surface == openai::Surface::kMessages) {
    reply.body = openai::anthropic::to_error_body(reply.status, reply.body);
  }
  Headers headers;
  headers.add("x-request-id", exchange.id);
  co_await writer.reply(reply, headers);
  Outcome outcome;
  outcome.status = reply.status;
  outcome.error = error;
  outcome.local = true;
  flow_.metrics.finished(exchange, outcome);
}

asio::awaitable<void> Gateway::handle(IncomingRequest incoming, ResponseWriter& writer,
                                      Guard& guard) {
  Exchange exchange;
  exchange.id = request_id(incoming.request.headers);
  exchange.timeline.accepted = incoming.accepted;
  exchange.timeline.received = incoming.received;
  exchange.request = std::move(incoming.request);
  exchange.surface = openai::surface_of(exchange.request.method, exchange.request.target);

  if (!is_open_(exchange.request)) {
    auto tenant = admit(exchange.request);
    if (!tenant) co_return co_await refuse(exchange, writer, tenant.error());
    exchange.identity.tenant = std::move(*tenant);
  }
  const Reply local = co_await local_(exchange.request);
  if (local) {
    Headers headers;
    headers.add("x-request-id", exchange.id);
    co_await writer.reply(*local, headers);
    co_return;
  }
  if (exchange.surface == openai::Surface::kPassThrough) {
    const Reply own = co_await flow_.pipeline.on_endpoint(exchange);
    if (own) {
      Headers headers;
      headers.add("x-request-id", exchange.id);
      co_await writer.reply(*own, headers);
      co_return;
    }
  }
  const auto parsed = co_await parse(exchange);
  if (!parsed) co_return co_await refuse(exchange, writer, parsed.error());
  exchange.timeline.parsed = flow_.services.clock.now();
  co_await run_exchange(flow_, exchange, writer, guard);
}

}  // namespace keep
