#include "flow/gateway.hpp"

#include "base/async/maybe_task.hpp"
#include "base/text/ids.hpp"
#include "base/time/unix_time.hpp"
#include "downstream/request_body.hpp"
#include "exchange/http/endpoints.hpp"
#include "exchange/large_request.hpp"
#include "flow/count_tokens.hpp"
#include "flow/run_exchange.hpp"
#include "openai/responses/references.hpp"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

namespace keep {

namespace {

// Bodies from here on take longer than the loop should be held, about a millisecond. Translating
// one costs several times as much as reading it.
constexpr std::size_t kLargeBody = 2 << 20, kLargeTranslation = kLargeRequest;
constexpr std::size_t kMaxRequestId = 128;
constexpr const char* kOurField = "conversation_id";  // of a body; means nothing to llama-server

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
  exchange.dialect = &exchange.dialect->of_body(exchange.request.body);
  exchange.surface = exchange.dialect->surface();
  if (exchange.dialect->is_translated()) {
    auto translated = exchange.dialect->translate(exchange.request.body);
    if (!translated) return translated.error();
    exchange.chat_body = std::move(*translated);
    exchange.echo = exchange.dialect->read_echo(exchange.request.body);
  } else {
    exchange.chat_body = std::move(exchange.request.body);
  }
  const std::string& body = exchange.chat_body;
  auto chat = prefixes != nullptr ? openai::parse_chat_request(body, exchange.surface, *prefixes)
                                  : openai::parse_chat_request(body, exchange.surface);
  if (!chat) return chat.error();
  exchange.chat = std::move(*chat);
  const auto is_ours = [](const json::Member& member) { return member.key_is(kOurField); };
  if (std::ranges::any_of(exchange.chat.fields, is_ours)) {
    exchange.request_edits.emplace_back(openai::RemoveField{kOurField});
  }
  return {};
}

// To what asks no model for anything; nullptr for all others. That is never much.
Reply own_answer(const Exchange& exchange) {
  const std::string& body = exchange.request.body;
  if (body.size() >= kLargeTranslation) return nullptr;
  auto own = exchange.dialect->answer_here(body, unix_now());
  return own ? json_reply(200, std::move(*own)) : nullptr;
}

// The client is told what we can read.
Reply unsupported(const Error& error, std::string_view target) {
  LocalReply reply = *to_reply(error, target);
  reply.status = 415;
  reply.headers.add("Accept-Encoding", kReadableCodings);
  return std::make_shared<const LocalReply>(std::move(reply));
}

bool holds_json(const Request& request) {
  std::string_view type = request.headers.find("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  constexpr std::string_view kSuffix = "+json";
  return equal_ignoring_case(type, "application/json") ||
         (type.size() > kSuffix.size() &&
          equal_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix));
}

// Without keys any page could send what a form can send. JSON it has to ask for first.
Reply wants_json(const Error& error, std::string_view target) {
  LocalReply reply = *to_reply(error, target);
  reply.status = 415;
  return std::make_shared<const LocalReply>(std::move(reply));
}

// Decompressing takes any time, whatever the size that came.
Task<> decompress(Exchange& exchange, const Flow& flow) {
  auto job = [&exchange, max_bytes = flow.settings.max_body_bytes] {
    return decode_body(exchange.request, max_bytes);
  };
  co_return co_await run_on(flow.services.pools.cpu, std::move(job));
}

MaybeTask<> decode(Exchange& exchange, const Flow& flow) {
  if (is_compressed(exchange.request)) return decompress(exchange, flow);
  return decode_body(exchange.request, flow.settings.max_body_bytes);
}

template <class T>
asio::awaitable<void> end_in(Task<T> work, Result<T>& result) {
  result = co_await std::move(work);
}

// What may take long. It ends in an error when the client leaves meanwhile (Fault::kGone), or when
// all work does.
template <class T>
Task<T> watched(Guard& guard, Task<T> work) {
  Result<T> result = Error(Fault::kCancelled, Side::kInternal, "llama-keep is stopping");
  auto job = end_in(std::move(work), result);
  const bool whole = co_await guard.run_watched(std::move(job));
  if (guard.client_gone()) co_return Error(Fault::kGone, Side::kDownstream, "client left");
  if (guard.deadline().passed()) {
    co_return Error(Fault::kTimeout, Side::kInternal, "this takes too long now, try again");
  }
  // The cut was meant for all that comes after, too; a reply that is there needs nothing more.
  if (!whole && !(std::is_same_v<T, Reply> && result))
    co_return Error(Fault::kCancelled, Side::kInternal, "llama-keep is stopping");
  co_return result;
}

}  // namespace

Gateway::Gateway(Flow& flow, Authenticate authenticate, Local local)
    : flow_(flow), authenticate_(std::move(authenticate)), local_(std::move(local)) {}

Result<std::string> Gateway::admit(const Request& request) const {
  auto tenant = authenticate_(request);
  if (!tenant) {
    return Error(Fault::kUnauthorized, Side::kDownstream,
                 "missing or unknown API key (Authorization: Bearer KEY, or x-api-key: KEY)");
  }
  return std::move(*tenant);
}

// The items that are known belong to the loop.
openai::responses::FindItem Gateway::known_items(const Exchange& exchange) const {
  return [this, &exchange](std::string_view id) {
    return flow_.items.find(exchange.identity.tenant, id);
  };
}

Result<> Gateway::resolve_references(Exchange& exchange) const {
  return openai::responses::resolve_references(exchange.request.body, known_items(exchange),
                                               flow_.settings.max_body_bytes);
}

Task<> Gateway::parse_with_references(Exchange& exchange) {
  namespace responses = openai::responses;
  std::string& body = exchange.request.body;
  Pool& cpu = flow_.services.pools.cpu;
  auto read = [&body] { return responses::find_references(body); };
  const auto references = co_await run_on(cpu, std::move(read));
  const std::size_t max_bytes = flow_.settings.max_body_bytes;
  const std::size_t room = max_bytes - std::min(max_bytes, body.size());
  const auto swaps = responses::look_up(references, known_items(exchange), room);
  if (!swaps) co_return swaps.error();
  if (!swaps->empty()) {
    auto write = [&body, &swaps = *swaps] { return responses::with_items(body, swaps); };
    body = co_await run_on(cpu, std::move(write));
  }
  co_return co_await parse_large(exchange);
}

Task<> Gateway::parse_large(Exchange& exchange) {
  auto job = [&exchange] { return parse_body(exchange, nullptr); };
  co_return co_await run_on(flow_.services.pools.cpu, std::move(job));
}

// What is remembered of prefixes belongs to the loop.
MaybeTask<> Gateway::parse(Exchange& exchange) {
  if (exchange.surface == openai::Surface::kPassThrough) return Result<>{};
  if (exchange.dialect->has_references()) {
    if (exchange.request.body.size() >= kLargeTranslation) return parse_with_references(exchange);
    const auto resolved = resolve_references(exchange);
    if (!resolved) return resolved.error();
  }
  const std::size_t large = exchange.dialect->is_translated() ? kLargeTranslation : kLargeBody;
  if (exchange.request.body.size() >= large) return parse_large(exchange);
  return parse_body(exchange, &prefixes_);
}

asio::awaitable<void> Gateway::answer(const Exchange& exchange, ResponseWriter& writer,
                                      const Reply& reply) {
  Headers headers;
  headers.add("x-request-id", exchange.id);
  co_await writer.reply(*reply, headers);
}

asio::awaitable<void> Gateway::refuse(Exchange& exchange, ResponseWriter& writer,
                                      const Error& error) {
  const Reply reply = to_reply(error, exchange.request.target);
  co_await refuse(exchange, writer, error, reply);
}

asio::awaitable<void> Gateway::refuse(Exchange& exchange, ResponseWriter& writer,
                                      const Error& error, const Reply& reply) {
  const bool gone = error.fault == Fault::kGone && error.side == Side::kDownstream;
  if (!gone) co_await answer(exchange, writer, reply);
  Outcome outcome;
  outcome.status = gone ? 499 : reply->status;
  outcome.error = error;
  outcome.local = true;
  flow_.metrics.finished(exchange, outcome);
}

asio::awaitable<void> Gateway::count(Exchange& exchange, ResponseWriter& writer, Guard& guard) {
  auto counting = count_tokens(flow_, exchange);
  auto counted = co_await watched(guard, std::move(counting));
  if (!counted) co_return co_await refuse(exchange, writer, counted.error());
  const Reply reply = json_reply(200, std::move(*counted));
  co_await answer(exchange, writer, reply);
}

bool Gateway::wants_body(const Request& head) const {
  return !is_open(head.path()) && authenticate_(head).has_value();
}

// It may wait for what runs to end.
Task<Reply> Gateway::ask_plugin(std::string_view name, const Exchange& exchange,
                                Deadline& deadline) {
  deadline.set(flow_.settings.between_events, "an answer of ours");
  co_return co_await flow_.pipeline.on_endpoint(name, exchange);
}

asio::awaitable<void> Gateway::handle(IncomingRequest incoming, ResponseWriter& writer,
                                      Guard& guard) {
  Exchange exchange;
  exchange.id = request_id(incoming.request.headers);
  exchange.timeline.accepted = incoming.accepted;
  exchange.timeline.received = incoming.received;
  exchange.request = std::move(incoming.request);
  const Request& request = exchange.request;
  const auto treatment = treatment_of(request.method, request.target, flow_.settings.keys);
  if (treatment) {
    exchange.dialect = treatment->dialect;
    exchange.surface = treatment->dialect->surface();
  }

  if (!is_open(request.path())) {
    auto tenant = admit(request);
    if (!tenant) co_return co_await refuse(exchange, writer, tenant.error());
    exchange.identity.tenant = std::move(*tenant);
    writer.hold_place();
  }
  if (!treatment) co_return co_await refuse(exchange, writer, treatment.error());
  if (treatment->changes && !flow_.settings.keys && !holds_json(request)) {
    const Error error(
        Fault::kBadRequest, Side::kDownstream,
        "send this with the header Content-Type: application/json, so that no web page "
        "can do it unseen");
    const Reply reply = wants_json(error, request.target);
    co_return co_await refuse(exchange, writer, error, reply);
  }
  if (treatment->read_here) {
    if (const auto why = unreadable_codings(request)) {
      const Error error(Fault::kBadRequest, Side::kDownstream, *why);
      const Reply reply = unsupported(error, request.target);
      co_return co_await refuse(exchange, writer, error, reply);
    }
    MaybeTask<> decoded = decode(exchange, flow_);
    if (decoded.waits()) decoded = co_await watched(guard, decoded.task());
    if (!decoded.result()) {
      co_return co_await refuse(exchange, writer, decoded.result().error());
    }
  }
  if (exchange.surface == openai::Surface::kPassThrough) {
    const Reply local = co_await local_(request);
    if (local) co_return co_await answer(exchange, writer, local);
  }
  if (!treatment->by.empty()) {
    auto asking = ask_plugin(treatment->by, exchange, guard.deadline());
    const auto own = co_await watched(guard, std::move(asking));
    if (!own) co_return co_await refuse(exchange, writer, own.error());
    if (*own) co_return co_await answer(exchange, writer, *own);
  }
  if (!treatment->forwardable) {
    const Error error(Fault::kNotFound, Side::kDownstream, "this is switched off here");
    co_return co_await refuse(exchange, writer, error);
  }
  const Reply own = own_answer(exchange);
  if (own) co_return co_await answer(exchange, writer, own);
  MaybeTask<> parsed = parse(exchange);
  if (parsed.waits()) parsed = co_await watched(guard, parsed.task());
  if (!parsed.result()) co_return co_await refuse(exchange, writer, parsed.result().error());
  if (treatment->counts) co_return co_await count(exchange, writer, guard);
  exchange.timeline.parsed = flow_.services.clock.now();
  co_await run_exchange(flow_, exchange, writer, guard);
}

}  // namespace keep
