// SseParser: cuts a byte stream into server-sent events. Pure, one stream per object.
//
// Lines end with LF, CRLF or CR; an event may be split at any byte, and the events are the same
// for every split. raw() of all events together is the input, byte for byte: comments and stray
// blank lines are handed out too, as events without data. A CR at the end of what has come waits
// for the next byte, which may be its LF. "Full": an unfinished event over the limit is an error,
// and the stream is at its end.
#pragma once

#include "base/result.hpp"
#include "openai/event/sse_event.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace keep::openai {

class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes = 8 << 20) : max_event_bytes_(max_event_bytes) {}

  // Views handed out earlier are dead after this call. Take all events with next() before feeding
  // again. Fault::kProtocol, Side::kUpstream when an event is over the limit; for ever after, too.
  Result<> feed(std::string_view bytes);
  // True while a whole event is there; fills `event`. The data of an event with several data lines
  // lives until the next call only.
  bool next(SseEvent& event);
  // What is left of an event that was not closed; for the end of the stream.
  std::string_view rest() const noexcept;

 private:
  bool find_end() noexcept;
  void read_fields(std::string_view lines, SseEvent& event);

  std::size_t max_event_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0;  // first byte not handed out
  std::size_t line_ = 0;   // first byte of the line being looked at
  std::size_t scan_ = 0;   // first byte not looked at
  std::size_t end_ = 0;    // end of the event at begin_, 0 while not known
  bool at_start_ = true;   // a byte order mark may come
  bool failed_ = false;
  std::string joined_;  // only for events of several data lines
};

}  // namespace keep::openai
