// ResponseWriter: one response to one client, framed by hand (one gathered write per piece).
//
// Chunked for HTTP/1.1 when the length is unknown; HTTP/1.0 gets the bytes and a close. A client
// that takes nothing for the peer's write limit is given up: Fault::kTimeout. Loop thread only.
#pragma once

#include "base/result.hpp"
#include "base/time/clock.hpp"
#include "downstream/cors.hpp"
#include "downstream/peer.hpp"
#include "exchange/http/http_message.hpp"
#include "exchange/http/local_reply.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep {

class ResponseWriter {
 public:
  // `last`: say `Connection: close` (draining, or the client asked for it).
  ResponseWriter(Peer& peer, const Request& request, bool last, const CorsPolicy& cors);

  // Forms the head; it leaves with the first write, flush or finish. Content-Length and
  // connection fields are set here, whatever `headers` says, and what the policy says is added.
  void begin(int status, std::string_view reason, const Headers& headers,
             std::optional<std::uint64_t> content_length);
  Task<> write(std::string_view bytes);  // empty is fine: nothing but a pending head is sent
  // Ends the body, with its last bytes in the same write; begin() must have been called.
  Task<> finish(std::string_view last = {});
  // A reply of our own. Where both name a field, `extra` wins.
  Task<> reply(const LocalReply& reply, const Headers& extra);
  void hold_place() noexcept { peer_.enter(Peer::State::kServed); }  // until such a reply
  // Without waiting, and only while no other write runs: begun() and intact() must hold. What the
  // socket does not take now leaves in front of the next write; as long as some waits, nothing is
  // added to it. False: some waits.
  bool try_write(std::string_view bytes);

  bool begun() const noexcept { return begun_; }
  bool intact() const noexcept { return !writing_ && !finished_; }  // more may be written
  int status() const noexcept { return status_; }
  // Since the client was last sent all there was; at first, since its request was there.
  Duration silent() const noexcept { return std::chrono::steady_clock::now() - last_sent_; }
  // False once the connection must not carry another response.
  bool reusable() const noexcept { return finished_ && !last_ && !writing_; }
  void abandon() noexcept { last_ = true; }  // the response stays incomplete on purpose

 private:
  Task<> flush();  // the head, if it has not left
  Task<> send_chunk(std::string_view bytes, std::string_view tail);
  Task<> send(std::string_view a, std::string_view b = {}, std::string_view c = {});

  Peer& peer_;
  const CorsPolicy& cors_;
  std::string origin_;
  bool http10_, head_only_, last_;
  bool chunked_ = false, begun_ = false, finished_ = false;
  bool writing_ = false;  // stays true when a write was cut: the stream is torn
  bool behind_ = false;   // some of a try_write() waits
  int status_ = 0;
  std::array<char, 20> size_line_{};  // before the chunk that is being written
  std::string head_;                  // not sent yet: the head, what waits of a try_write()
  Instant last_sent_ = std::chrono::steady_clock::now();
};

}  // namespace keep
