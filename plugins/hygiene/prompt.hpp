// Prompt: what a request sent upstream, message by message, as hashes; its texts beside it. Pure.
#pragma once

#include "openai/edit/body_edit.hpp"
#include "openai/request/chat_request.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keep::hygiene {

struct PromptPart {
  enum class Kind : std::uint8_t { kSystem, kAssistant, kOther };
  std::uint64_t raw_hash = 0;     // openai::bytes_hash of its JSON; 0: not known
  std::uint64_t text_hash = 0;    // of its role and what the model sees of it
  std::uint64_t answer_hash = 0;  // an assistant's: the same without reasoning and white space
  std::uint32_t index = 0;        // of the message in the client's list
  std::uint32_t bytes = 0;        // of its text
  Kind kind = Kind::kOther;

  bool same_text(const PromptPart& other) const noexcept {
    return kind == other.kind && text_hash == other.text_hash;
  }
};

struct Prompt {
  std::uint64_t agent = 0;     // hash of the agent's name
  std::uint64_t tools = 0;     // hash of the tools' JSON, 0 without
  double bytes_per_token = 4;  // as counted by the last answer
  std::vector<PromptPart> parts;

  // Opens the conversation: the first part that is not the system's. nullptr without one.
  const PromptPart* opening() const noexcept;
};

// By part; empty where a text is not at hand.
using Texts = std::vector<std::string>;

// The text of a message object or item: its text parts joined by LF, then what it calls. What is
// no text (pictures) is there as a hash. Of an assistant's the ends are trimmed, as templates do.
std::string prompt_text(const json::Value& message, PromptPart::Kind kind);

// The messages as they go upstream: `edits` replace and remove some. Appends the texts of the parts
// to `texts`, except of the leading ones whose JSON is the same in `before` (which may be null):
// those are copied from there, and their texts left empty.
Prompt make_prompt(const openai::ChatRequest& request, const openai::BodyEdits& edits,
                   const Prompt* before, Texts& texts);

// Of the messages whose texts make_prompt() would read, and of those that edits replace, which it
// hashes.
std::size_t bytes_to_read(const openai::ChatRequest& request, const openai::BodyEdits& edits,
                          const Prompt* before);

// Our answer, as the client is expected to send it back.
PromptPart make_answer_part(std::string_view text, std::uint32_t index);
std::string answer_text(std::string_view text);

}  // namespace keep::hygiene
