// KeepAlive: a sign of life for a client that waits for a stream and has heard nothing for a while:
// its request is queued, its prompt is being read, text is held back.
//
// A timer, no coroutine: what it sends goes out at once or waits in the writer, and only while
// nothing else is being written, so it stands between two events. It is something that clients of
// the dialect pass over. The first one may have to bring the head: status 200, before anybody knows
// how the request will end. A client that takes nothing for as long as a write may last has the
// guard's deadline passed. Loop thread only.
#pragma once

#include "base/async/deadline.hpp"
#include "downstream/response_writer.hpp"
#include "flow/flow.hpp"

namespace keep {

class KeepAlive {
 public:
  // Speaks until its end, and never to a client that asked for no stream. The parts outlive it.
  KeepAlive(Flow& flow, Exchange& exchange, const Stages& stages, ResponseWriter& writer,
            Deadline& deadline);
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;

 private:
  void look();
  void speak();
  void begin_stream();

  Flow& flow_;
  Exchange& exchange_;
  const Stages& stages_;
  ResponseWriter& writer_;
  Deadline& deadline_;
  Deadline silence_;
};

}  // namespace keep
