// ChatRequest: the fields we act on, out of a chat, completion or responses body.
//
// Holds views into the body text: the body must outlive it and keep its address. Everything not
// named here stays in the body, byte for byte. Fields we act on that appear twice are refused
// (readers disagree about which one counts).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace keep::openai {

enum class Surface { kPassThrough, kChat, kCompletion, kResponses, kMessages };

std::string_view to_string(Surface surface) noexcept;
// By method and path (query string ignored): POST /v1/chat/completions, /chat/completions, ...
Surface surface_of(std::string_view method, std::string_view target) noexcept;

struct Message {
  std::string role;
  json::Value raw;         // the whole message object
  json::Value content;     // string, array of parts, null or missing
  std::uint64_t hash = 0;  // of role and content as the model sees them; written by the parser,
                           // rewritten by hygiene where a rule removes something volatile
  std::size_t text_bytes = 0;  // for estimates
};

struct ChatRequest {
  json::Value root;
  Surface surface = Surface::kChat;
  std::string model;
  bool stream = false;
  bool return_progress = false;  // asked for by the client
  bool include_usage = false;
  bool store = true;
  int choices = 1;  // n
  std::optional<std::int64_t> max_tokens;
  std::optional<std::int64_t> id_slot;  // or slot_id, a common slip: llama-server ignores that one
  json::Value messages_raw;             // the array that edits of messages go into
  std::vector<Message> messages;        // a completion's prompt is one user message
  json::Value tools;
  std::uint64_t tools_hash = 0;  // of the tools' names in order
};

// The body of `surface` (not kPassThrough; kMessages bodies are translated first, see
// anthropic.hpp, and parsed as kChat). Fault::kBadRequest with a text for the client.
Result<ChatRequest> parse_chat_request(const std::string& body, Surface surface);

// The text of a message's content: the string, or its text parts joined by LF.
std::string content_text(const json::Value& content);

// An assistant text as it is compared between turns: reasoning blocks (<think>...</think>)
// dropped, white space collapsed, ends trimmed.
std::string normalized_answer(std::string_view text);
std::uint64_t answer_hash(std::string_view text);  // == Message::hash of that answer sent back

}  // namespace keep::openai
