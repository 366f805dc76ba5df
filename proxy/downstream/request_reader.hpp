// Reads one HTTP/1.x request from a client, refusing what could be framed in two ways.
//
// Transfer-Encoding must be exactly `chunked` and not on HTTP/1.0; several lengths (even equal
// ones) or a length beside it are refused, and so are folded fields. Trailers and chunk extensions
// count like a head and are dropped. `Expect: 100-continue` is answered.
#pragma once

#include "base/async/deadline.hpp"
#include "base/result.hpp"
#include "base/time/clock.hpp"
#include "downstream/peer.hpp"
#include "exchange/http/http_message.hpp"

#include <cstddef>
#include <functional>

namespace keep {

struct ReadLimits {
  std::size_t max_header_bytes = 64 << 10;
  std::size_t max_body_bytes = 64 << 20;
  Duration idle{}, head{}, body{};
};

struct IncomingRequest {
  Request request;
  Instant accepted{};  // head complete
  Instant received{};  // body complete
  int status = 0;      // of the refusal, where HTTP has a closer one than the fault has
};

// Whether the body of a request is of any use, told from its head.
using WantsBody = std::function<bool(const Request&)>;

// Moves `deadline` along: idle, head, body; the caller sees to it that it cuts this call short.
// A body that is not wanted is not read, and the request is the connection's last.
// kGone: the client left between requests, no reply is due. Other faults deserve one; `incoming`
// has what was read until then.
Task<> read_request(Peer& peer, const ReadLimits& limits, const WantsBody& wants_body,
                    Deadline& deadline, IncomingRequest& incoming);

}  // namespace keep
