// ChatRequest: the fields we act on, out of a chat or completion body.
//
// Holds views into the body text: the body must outlive it and keep its address. Everything not
// named here stays in the body, byte for byte. Fields we act on that appear twice are refused
// (readers disagree about which one counts).
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "openai/request/message.hpp"
#include "openai/surface.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keep::openai {

class PrefixMemory;

struct ChatRequest {
  json::Value root;
  std::vector<json::Member> fields;  // all of root's, so that nobody has to walk the body again
  Surface surface = Surface::kChat;
  std::string model;
  bool stream = false;
  bool return_progress = false;  // asked for by the client
  bool include_usage = false;
  bool store = true;
  int choices = 1;                         // answers asked for: n to each prompt
  std::optional<std::int64_t> max_tokens;  // of the names in use the most recent one; -1 is unset
  std::optional<std::int64_t> id_slot;  // or slot_id, a common slip: llama-server ignores that one
  json::Value messages_raw;             // the array that edits of messages go into; missing for a
                                        // bare prompt
  std::vector<Message> messages;        // one per element of messages_raw, or the bare prompt as
                                        // one user message
  std::string prefill;                  // text of a final assistant message
  json::Value tools;
  std::uint64_t tools_hash = 0;  // of the tools' names in order, 0 without tools
  std::size_t known_bytes = 0;   // of its leading messages: those an earlier request had, too
};

// Whether there is anything but text in its messages.
bool holds_media(const ChatRequest& request) noexcept;

// The member that holds the messages of a body, "" where there is no list of them.
std::string_view list_name(Surface surface) noexcept;

// The body of `surface`, not kPassThrough. Fault::kBadRequest with a text for the client. Fields of
// a wrong type are taken as missing, as llama-server does, except the messages. Linear.
Result<ChatRequest> parse_chat_request(const std::string& body, Surface surface);
// The same, by what is remembered of the requests before; only what is new is checked and read.
Result<ChatRequest> parse_chat_request(const std::string& body, Surface surface,
                                       PrefixMemory& memory);

}  // namespace keep::openai
