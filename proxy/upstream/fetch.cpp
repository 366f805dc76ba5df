#include "upstream/fetch.hpp"

#include "base/async/deadline.hpp"
#include "base/async/race.hpp"

#include <boost/asio/this_coro.hpp>

#include <optional>
#include <utility>

namespace keep {

namespace {

constexpr std::size_t kMaxBody = 16 << 20;

Task<FetchResponse> talk(UpstreamConnection& connection, const ConnectionPool& pool,
                         const FetchRequest& request) {
  const std::string authority = pool.address().authority();
  const std::string_view whole = request.body;
  const auto body = request.pieces.empty() ? std::span(&whole, 1) : request.pieces;
  std::size_t bytes = 0;
  for (const std::string_view piece : body) bytes += piece.size();
  const std::string head =
      request_head(request.method, request.target, authority, request.headers, bytes);
  const auto sent = co_await connection.send(head, body, request.limit);
  if (!sent) co_return sent.error();
  auto answer = co_await connection.read_head(request.method == "HEAD");
  if (!answer) co_return answer.error();
  FetchResponse response;
  response.status = answer->status;
  response.headers = std::move(answer->headers);
  for (;;) {
    const auto piece = co_await connection.read_some();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    if (response.body.size() + piece->size() > kMaxBody) {
      co_return Error(Fault::kTooLarge, Side::kUpstream, "upstream's reply is too large");
    }
    response.body.append(*piece);
  }
  co_return response;
}

asio::awaitable<void> run(ConnectionPool& pool, const FetchRequest& request,
                          std::optional<Result<FetchResponse>>& result) {
  auto connection = pool.take_idle();
  if (connection) {
    result = co_await talk(*connection, pool, request);
    const bool stale = !*result && result->error().fault == Fault::kGone;
    if (!stale) {
      if (*result) pool.give_back(std::move(connection));
      co_return;
    }
  }
  auto fresh = co_await pool.connect(request.limit);
  if (!fresh) {
    result = fresh.error();
    co_return;
  }
  result = co_await talk(**fresh, pool, request);
  if (*result) pool.give_back(std::move(*fresh));
}

}  // namespace

Task<FetchResponse> fetch(ConnectionPool& pool, FetchRequest request) {
  std::optional<Result<FetchResponse>> result;
  auto work = run(pool, request, result);
  auto limit = elapse(request.limit);
  const std::size_t first = co_await race(std::move(work), std::move(limit));
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return Error(Fault::kCancelled, Side::kInternal, request.target + " was cut short");
  }
  if (first == 1 || !result) {
    co_return Error(Fault::kTimeout, Side::kUpstream, "no reply to " + request.target + " in time");
  }
  co_return std::move(*result);
}

}  // namespace keep
