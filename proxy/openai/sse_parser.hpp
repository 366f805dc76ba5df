// SseParser: cuts a byte stream into server-sent events. Pure, one stream per object.
//
// Lines end with LF, CRLF or CR; an event may be split at any byte. raw() of all events together
// is the input, byte for byte: comments and stray blank lines are handed out too, as events
// without data. "Full": an event over the limit is an error, and the stream is at its end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "openai/sse_event.hpp"

namespace keep::openai {

class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes = 8 << 20) : max_event_bytes_(max_event_bytes) {}

  // Views handed out earlier are dead after this call.
  Result<> feed(std::string_view bytes);
  // True while a whole event is there; fills `event`.
  bool next(SseEvent& event);
  // What is left of an event that was not closed; for the end of the stream.
  std::string_view rest() const noexcept;

 private:
  std::size_t max_event_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0;  // first byte not handed out
  std::size_t scan_ = 0;   // first byte not looked at
  std::string joined_;     // only for events of several data lines
};

}  // namespace keep::openai
