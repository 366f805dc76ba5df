// Errors in event streams: reading upstream's, writing ours.
#pragma once

#include "base/error.hpp"
#include "openai/event/event_info.hpp"
#include "openai/request/chat_request.hpp"

#include <string>

namespace keep::openai {

// What an event of kind kError says: Side::kUpstream; code 400 is kBadRequest, 503 kLoading, any
// other kProtocol. Understands {"error": {...}} and {"error": "text"}.
Error read_upstream_error(const EventInfo& info);

Error cut_short();  // upstream's stream ended before its end mark
Error too_long();   // the assembled answer is over the limit

// The words of our own errors in a stream, as OpenAI's clients know them.
struct ErrorWords {
  const char* type;
  const char* code;
};
ErrorWords error_words(const Error& error) noexcept;

// data: {"error": {...}} in the shape OpenAI's clients read from a stream.
void append_error_event(const Error& error, std::string& out);

}  // namespace keep::openai
