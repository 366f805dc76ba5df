// Splice: chat chunks of upstream with something changed. Above all those of a second answer as the
// rest of a first one: the client has seen one id and one role, and wants one usage. Pure.
#pragma once

#include "openai/event/event_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::openai {

// What all chunks of an answer have in common, as raw JSON; empty until seen.
struct AnswerHead {
  std::string id, created;
  void read(const EventInfo& info);  // of the first chunk that has them
};

// The data of the chunk with `head`, without its role, and with `tokens` (generated before the
// splice, so they are part of its prompt) moved from the prompt's to the completion's usage. The
// chunk that ends the answer gets `summary` (JSON, may be empty) as its member x_keep. Empty: there
// is nothing in the chunk for the client (its role alone, progress of a prefill). `info.root` must
// be an object. Members that are not named here stay byte for byte.
std::optional<std::string> spliced(const EventInfo& info, const AnswerHead& head,
                                   std::int64_t tokens, std::string_view summary);

// The data of the chunk with `content` as the text of choice 0.
std::string with_content(const EventInfo& info, std::string_view content);

}  // namespace keep::openai
