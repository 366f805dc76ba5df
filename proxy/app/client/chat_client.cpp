#include "app/client/chat_client.hpp"

#include "app/api_keys.hpp"
#include "base/async/race.hpp"
#include "base/json/json.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <span>
#include <utility>

namespace keep {

namespace {

constexpr std::chrono::seconds kTaken{30};        // to connect, or for some of what is sent
constexpr std::chrono::milliseconds kGlance{50};  // between two looks at the interruption

struct Talk {
  UpstreamConnection connection;
  const UpstreamAddress& address;
  const ClientRequest& request;
  const OnPiece& on_piece;
  std::optional<Result<ClientReply>> result;
};

Task<ClientReply> talk(Talk& t) {
  const auto connected = co_await t.connection.connect(t.address.endpoint, kTaken);
  if (!connected) co_return connected.error();
  const ClientRequest& request = t.request;
  const std::string head = request_head(request.method, request.target, t.address.authority(),
                                        request.headers, request.body.size());
  const std::string_view body = request.body;
  const auto sent = co_await t.connection.send(head, std::span(&body, 1), kTaken);
  if (!sent) co_return sent.error();
  auto answer = co_await t.connection.read_head(false);
  if (!answer) co_return answer.error();
  ClientReply reply;
  reply.status = answer->status;
  reply.headers = std::move(answer->headers);
  for (;;) {
    const auto piece = co_await t.connection.read_some();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return reply;
    if (reply.status == 200 && t.on_piece) {
      t.on_piece(*piece);
    } else {
      reply.body.append(*piece);
    }
  }
}

asio::awaitable<void> keep_result(Talk& t) { t.result = co_await talk(t); }

// Ends when somebody does not want to wait any longer, or at the limit.
asio::awaitable<void> watch(const ClientRequest& request,
                            const std::function<bool()>& interrupted) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  const auto begun = std::chrono::steady_clock::now();
  while (!(interrupted && interrupted())) {
    if (request.limit && std::chrono::steady_clock::now() - begun > *request.limit) co_return;
    timer.expires_after(kGlance);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> run(Talk& t, const std::function<bool()>& interrupted) {
  auto work = keep_result(t);
  auto limit = watch(t.request, interrupted);
  const std::size_t first = co_await race(std::move(work), std::move(limit));
  if (first == 0 || (t.result && *t.result)) co_return;
  const bool gave_up = interrupted && interrupted();
  t.result = Error(gave_up ? Fault::kCancelled : Fault::kTimeout, Side::kUpstream, "no reply");
}

}  // namespace

Result<ChatClient> ChatClient::make(const FlagLine& line) {
  std::string url = line.value("url", "http://127.0.0.1:8200");
  auto address = resolve_upstream(url);
  if (!address) {
    std::string detail = address.error().detail;
    if (detail.starts_with("upstream ")) detail.replace(0, 9, "--url ");
    return Error(Fault::kBadRequest, Side::kInternal, std::move(detail));
  }
  ChatClient client(std::move(url), std::move(*address));
  if (const std::string path = line.value("api-key-file"); !path.empty()) {
    const auto key = read_secret(path);
    if (!key) return key.error();
    client.headers_.add("Authorization", "Bearer " + *key);
  }
  if (const std::string tenant = line.value("tenant"); !tenant.empty()) {
    client.headers_.add("X-Tenant-ID", tenant);
  }
  return client;
}

Result<ClientReply> ChatClient::ask(ClientRequest request, const OnPiece& on_piece) {
  for (const Header& header : headers_) request.headers.add(header.name, header.value);
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  asio::io_context loop{1};
  Talk t{UpstreamConnection(loop), address_, request, on_piece, {}};
  std::exception_ptr failure;
  asio::co_spawn(loop, run(t, interrupted_),
                 [&failure](const std::exception_ptr& thrown) { failure = thrown; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  if (*t.result) return *std::move(t.result);
  return explain(t.result->error());
}

Error ChatClient::explain(const Error& error) const {
  std::string detail;
  switch (error.fault) {
    case Fault::kRefused:
      detail = "nobody listens at " + url_ +
               "; start llama-keep (llama-keep serve) or name it with --url";
      break;
    case Fault::kGone: detail = url_ + " closed the connection"; break;
    case Fault::kTimeout: detail = url_ + " gave no reply in time"; break;
    case Fault::kCancelled: detail = "interrupted"; break;
    default: detail = "cannot talk to " + url_ + ": " + error.detail;
  }
  return Error(error.fault, error.side, std::move(detail));
}

Result<std::string> ChatClient::expect_ok(ClientRequest request) {
  auto reply = ask(std::move(request));
  if (!reply) return reply.error();
  if (reply->status == 200) return std::move(reply->body);
  const Fault fault = reply->status == 404 ? Fault::kNotFound : Fault::kBadRequest;
  return Error(fault, Side::kUpstream, error_text(*reply));
}

Result<std::string> ChatClient::get(std::string target) {
  ClientRequest request;
  request.method = "GET";
  request.target = std::move(target);
  return expect_ok(std::move(request));
}

Result<std::string> ChatClient::post(std::string target, std::string body) {
  ClientRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.body = std::move(body);
  return expect_ok(std::move(request));
}

std::string error_text(const ClientReply& reply) {
  std::string text = "the server answered " + std::to_string(reply.status);
  const auto root = json::validate(reply.body);
  if (!root) return text;
  const auto message = root->find("error").find("message").string();
  return message ? text + ": " + *message : text;
}

}  // namespace keep
