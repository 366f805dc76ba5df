// EventInfo: what one upstream event says, read once by the core and shared by all plugins.
#pragma once

#include "base/json/json.hpp"
#include "openai/event/sse_event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::openai {

// llama-server's `timings` object. Tokens and milliseconds; what cannot be so many is 0, here and
// in the next two.
struct ServerTimings {
  std::int64_t cache_n = 0;   // prompt tokens found in the slot's KV cache
  std::int64_t prompt_n = 0;  // prompt tokens prefilled
  double prompt_ms = 0;
  std::int64_t predicted_n = 0;
  double predicted_ms = 0;
};

struct PromptProgress {
  std::int64_t total = 0, cache = 0, processed = 0;
};

struct Usage {
  std::int64_t prompt_tokens = 0, completion_tokens = 0, cached_tokens = 0;
};

struct EventInfo {
  enum class Kind {
    kOther,     // a comment, an unknown event
    kDelta,     // chat, completion or responses event that may carry text
    kProgress,  // prompt_progress and no output; may carry the role (first_role)
    kUsage,     // the `choices: []` chunk of include_usage
    kDone,      // data: [DONE]
    kError,     // data: {"error": ...}
  };
  Kind kind = Kind::kOther;
  json::Value root;           // view of the event's data; missing when it is no object
  bool first_role = false;    // carries the role and no output
  std::string content;        // answer text of choice 0 in this event
  bool has_output = false;    // content, reasoning text or a tool call: what TTFT waits for
  std::string finish_reason;  // of choice 0, empty until the end; /completion and responses
                              // events are given "stop" or "length"
  int ended = 0;              // choices, or prompts of /completion, that end with this event
  bool whole = false;         // no event of a stream: a reply that says everything at once
  std::optional<PromptProgress> progress;
  std::optional<ServerTimings> timings;
  std::optional<Usage> usage;
};

// Never fails: what cannot be read is kOther. One pass, no validation. Understands chunks of
// /v1/chat/completions, /v1/completions, /completion and events of /v1/responses.
EventInfo read_event(const SseEvent& event);

}  // namespace keep::openai
