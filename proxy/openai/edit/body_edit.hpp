// Body edits: what plugins want changed in a request body, applied once, by splicing bytes.
// Every byte that no edit names survives.
#pragma once

#include "base/result.hpp"
#include "openai/edit/pieces.hpp"
#include "openai/request/chat_request.hpp"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace keep::openai {

// Replaces the top-level field's value, or adds the field at the end of the object.
struct SetField {
  std::string key, json;
};
struct RemoveField {
  std::string key;
};
// Indices are those of the original messages; several edits at one index apply in list order.
struct ReplaceMessage {
  std::size_t index;
  std::string json;
};
struct RemoveMessage {
  std::size_t index;
};
// Before the message of that index; index == count appends.
struct InsertMessage {
  std::size_t index;
  std::string json;
};

using BodyEdit = std::variant<SetField, RemoveField, ReplaceMessage, RemoveMessage, InsertMessage>;
using BodyEdits = std::vector<BodyEdit>;

// The body after the edits of `first` and those of `then`, as views into `body` and the edits.
// `request` must have been parsed from `body`. The later SetField or RemoveField of one key wins,
// and counts for every member of that key; a later Replace or Remove of one message wins. An index
// past the end, messages edited in a body without a list of them (a bare prompt), or in one whose
// list is also set or removed as a field, is Fault::kInternal. The inserted texts must be JSON;
// they are not checked. Linear in the fields and, where messages are edited, in the messages.
Result<Pieces> edited_pieces(const std::string& body, const ChatRequest& request,
                             const BodyEdits& first, const BodyEdits& then);

// The same in one string, with 64 bytes of spare capacity for the next parse.
Result<std::string> apply_edits(const std::string& body, const ChatRequest& request,
                                const BodyEdits& edits);

}  // namespace keep::openai
