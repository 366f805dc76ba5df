// relay: upstream's answer, event by event: parser -> plugins -> encoder -> client.
//
// One piece is read, handed through and written before the next is read, so a slow client slows
// upstream down and nothing piles up between the sockets.
#pragma once

#include "base/async/deadline.hpp"
#include "downstream/response_writer.hpp"
#include "exchange/explanation.hpp"
#include "flow/answer/client_stream.hpp"
#include "flow/attempt.hpp"
#include "flow/flow.hpp"
#include "openai/answer/response_encoder.hpp"
#include "upstream/http_client.hpp"

namespace keep {

// What a relay works with; the parts outlive the call.
struct RelayContext {
  Flow& flow;
  Exchange& exchange;
  Stages& stages;
  UpstreamConnection& connection;
  ResponseWriter& writer;
  ClientStream& stream;
  Deadline& deadline;

  // Something of an answer has come: the server does its work.
  void note_answer() const { flow.upstreams.answered(exchange.route.upstream); }
};

// Bytes as they come, framed anew: other paths, errors, whatever is no event stream.
asio::awaitable<AttemptResult> relay_bytes(RelayContext context, ResponseHead head);
// Server-sent events of the API endpoints. kResubmit: a plugin wants the rest of the answer anew;
// exchange.continuation says from where on.
asio::awaitable<AttemptResult> relay_events(RelayContext context, ResponseHead head);
// An answer of the API endpoints in one JSON, shown to the plugins as the events that it would have
// been. The client gets it as it came, unless it speaks another API or text was taken out of it.
asio::awaitable<AttemptResult> relay_reply(RelayContext context, ResponseHead head);
// What is left of a body: `max_bytes` of it, and at most a piece more.
Task<std::string> read_body(RelayContext context, std::size_t max_bytes);
// An error reply of upstream, or another short one, whole (at most 1 MB of it).
Task<std::string> read_error_body(RelayContext context);
// ... and on to the client: as it came, or in the words of its dialect; as an event where the head
// of a stream has left.
asio::awaitable<AttemptResult> relay_error(RelayContext context, ResponseHead head,
                                           std::string body);

// Of the answer: upstream's, which are taken out of `head`, with X-Keep-*.
Headers client_headers(const RelayContext& context, ResponseHead& head);
// How this exchange's client is answered.
openai::EncoderOptions encoder_options(const Exchange& exchange);
// X-Keep-* and x-request-id, for heads made from upstream's and for local replies.
Headers explain(const Flow& flow, const Exchange& exchange, const Stages& stages);
// What is known at this moment.
Explanation explanation_of(const Exchange& exchange, const Stages& stages);

}  // namespace keep
