#include "flow/upstream_request.hpp"

#include "openai/edit/field_edit.hpp"
#include "upstream/http_client.hpp"

#include <utility>

namespace keep {

namespace {

// Meant for us. llama-server has a meaning of its own for the first: it keeps what it streams under
// that name, for whoever asks for it, and goes on when the client has left.
constexpr const char* kOurFields[] = {"X-Conversation-Id", "X-Tenant-ID", "X-Topic"};

Headers upstream_headers(const Flow& flow, const Exchange& exchange, std::size_t upstream) {
  Headers headers = end_to_end(exchange.request.headers);
  for (const char* const name : kOurFields) headers.remove(name);
  if (flow.settings.keys) {
    headers.remove("Authorization");
    headers.remove("x-api-key");
  }
  const std::string& own = flow.upstreams.server(upstream).authorization();
  if (!own.empty()) headers.set("Authorization", own);
  // Compressed events could neither be read nor assembled, compressed errors not be put into the
  // words of the client's API.
  const bool read_here = exchange.surface != openai::Surface::kPassThrough;
  if (read_here || exchange.dialect->has_own_errors()) headers.set("Accept-Encoding", "identity");
  return headers;
}

std::string upstream_target(const Exchange& exchange) {
  if (exchange.continuation && exchange.continuation->as_completion) return "/completion";
  return exchange.dialect->upstream_target(exchange.request.target);
}

}  // namespace

Result<openai::Pieces> upstream_body(const Exchange& exchange) {
  if (exchange.surface != openai::Surface::kPassThrough) {
    return openai::edited_pieces(exchange.chat_body, exchange.chat, exchange.request_edits,
                                 exchange.attempt_edits);
  }
  if (!exchange.attempt_edits.empty()) {
    return openai::with_fields(exchange.request.body, exchange.attempt_edits);
  }
  openai::Pieces whole;
  whole.add(exchange.request.body);
  return whole;
}

std::string upstream_head(const Flow& flow, const Exchange& exchange, std::size_t body_bytes) {
  const std::size_t index = exchange.route.upstream;
  const Headers headers = upstream_headers(flow, exchange, index);
  const std::string authority = flow.upstreams.server(index).pool().address().authority();
  return request_head(exchange.request.method, upstream_target(exchange), authority, headers,
                      body_bytes);
}

}  // namespace keep
