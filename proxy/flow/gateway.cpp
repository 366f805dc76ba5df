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

Result<> parse_body(Exchange& exchange) {
  openai::Surface body_surface = exchange.surface;
  if (exchange.surface == openai::Surface::kMessages) {
    auto translated = openai::anthropic::to_chat_body(exchange.request.body);
    if (!translated) return translated.error();
    exchange.chat_body = std::move(*translated);
    body_surface = openai::Surface::kChat;
  } else {
    exchange.chat_body = std::move(exchange.request.body);
  }
  auto chat = openai::parse_chat_request(exchange.chat_body, body_surface);
  if (!chat) return chat.error();
  exchange.chat = std::move(*chat);
  return {};
}

Task<> parse(Exchange& exchange, Pools& pools) {
  if (exchange.surface == openai::Surface::kPassThrough) co_return Result<>{};
  const bool translated = exchange.surface == openai::Surface::kMessages;
  const std::size_t large = translated ? kLargeTranslation : kLargeBody;
  if (exchange.request.body.size() < large) co_return parse_body(exchange);
  auto job = [&exchange] { return parse_body(exchange); };
  co_return co_await run_on(pools.cpu, std::move(job));
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
  const auto parsed = co_await parse(exchange, flow_.services.pools);
  if (!parsed) co_return co_await refuse(exchange, writer, parsed.error());
  exchange.timeline.parsed = flow_.services.clock.now();
  co_await run_exchange(flow_, exchange, writer, guard);
}

}  // namespace keep
