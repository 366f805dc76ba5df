// One server-sent event, as views into the reader's buffer: valid for the length of the call.
#pragma once

#include <string_view>

namespace keep::openai {

struct SseEvent {
  std::string_view raw;   // every byte of the event, the closing blank line included
  std::string_view name;  // the `event:` field, empty if none
  std::string_view data;  // the `data:` lines, joined by LF; empty for a comment
};

}  // namespace keep::openai
