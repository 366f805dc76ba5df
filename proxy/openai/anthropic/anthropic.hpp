// Anthropic's /v1/messages, translated to chat completions and back, because llama-server ignores
// id_slot there. Pure.
#pragma once

#include "base/result.hpp"
#include "openai/answer/response_encoder.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace keep::openai::anthropic {

// Body of /v1/messages -> body of /v1/chat/completions. System blocks
// become one system message whose content is an array of text parts (one part per block);
// tool_use and tool_result become tool_calls and tool messages; images become image_url parts;
// thinking blocks become reasoning_content; sampling fields are mapped; fields of neither API
// (llama-server's own, e.g. id_slot, cache_prompt, x_keep) survive byte for byte. Each message
// is translated by itself, so the same beginning of a conversation is always the same bytes.
// With stop sequences, upstream is also asked to say which one it met.
// Fault::kBadRequest with a text for the client.
Result<std::string> to_chat_body(const std::string& body);

// Texts that stand in for what the chat API has no form for.
inline constexpr std::string_view kImageLeftOut =
    "[image omitted: only base64 and url sources can be shown]";
inline constexpr std::string_view kDocumentLeftOut =
    "[document omitted: only text documents can be read]";

// An OpenAI-shaped error body -> Anthropic's {"type":"error","error":{"type","message"}}.
std::string to_error_body(int status, const std::string& openai_body);

std::unique_ptr<ResponseEncoder> make_stream_encoder(const EncoderOptions& options);
std::unique_ptr<ResponseEncoder> make_message_assembler(const EncoderOptions& options);

}  // namespace keep::openai::anthropic
