// Message: one entry of a conversation as a client sends it, and how two are compared. Pure.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keep::openai {

struct Message {
  std::string role;
  json::Value raw;             // the whole message object
  json::Value content;         // string, array of parts, null or missing
  std::uint64_t hash = 0;      // of role and content as the model sees them; written by the parser,
                               // rewritten by hygiene where a rule removes something volatile;
                               // 0: hygiene removes the whole message
  std::size_t text_bytes = 0;  // of text and tool calls, for estimates
  std::size_t media = 0;       // parts that are no text: pictures, sounds, files
  bool calls = false;          // it has tool calls
  std::uint64_t raw_hash = 0;  // bytes_hash of raw
};

// Of a message's JSON, to tell whether it has been seen before, byte for byte. Seeded anew by each
// process, so that nobody can make two that are taken for one; never to be kept.
std::uint64_t bytes_hash(std::string_view json) noexcept;

// The message of /v1/chat/completions that the cursor is at, which is passed over unless there is
// an error: Fault::kBadRequest with a text that begins with `where`.
Result<Message> read_chat_message(json::Cursor& cursor, std::string_view where);
Result<Message> read_chat_message(const json::Value& raw, std::string_view where);
// The user message that a bare prompt (a string, or an array of strings or tokens) stands for.
Message message_of_prompt(const json::Value& prompt);

// The text of a message's content: the string, or its text parts joined by LF.
std::string content_text(const json::Value& content);

// An assistant text as it is compared between turns: reasoning blocks (<think>...</think>, also
// one that was opened in the prompt) dropped, white space collapsed, ends trimmed.
std::string normalized_answer(std::string_view text);
// == Message::hash of that answer sent back. Of tool calls the names count, in order; clients
// print the arguments anew.
std::uint64_t answer_hash(std::string_view text, std::span<const std::string> tool_names = {});

}  // namespace keep::openai
