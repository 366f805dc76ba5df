// UntoldCache: events of upstream without a word of how much of the prompt was cached, for clients
// who may not know what a cache of several tenants held. Pure.
#pragma once

#include "openai/event/event_info.hpp"
#include "openai/event/sse_event.hpp"

#include <string>
#include <string_view>

namespace keep::openai {

// The event's data as if every token of the prompt had been read: its timings, usage and progress,
// also those inside of __verbose. Empty: it tells nothing. `info.root` may be missing.
std::string untold(const EventInfo& info);

// The same of a reply in one JSON: an answer, or a list of them.
std::string untold_reply(std::string_view reply);

// Takes the place of an event that tells, and holds its text while it is looked at. Before anybody
// else sees it: what our own headers, figures and records say comes from there.
class UntoldEvent {
 public:
  void apply(SseEvent& event, EventInfo& info);

 private:
  std::string data_, raw_;
};

// How far the reading of a prompt has come, between its begin and its end: by the steps it can be
// told where it began.
bool is_midway(const EventInfo& info) noexcept;

}  // namespace keep::openai
