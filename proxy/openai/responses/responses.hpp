// OpenAI's /v1/responses, translated to chat completions and back: llama-server 0.7.0 refuses items
// and tools that agents send, and its events lack what the official clients require. Pure.
#pragma once

#include "base/result.hpp"
#include "openai/answer/response_encoder.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace keep::openai::responses {

// Body of /v1/responses -> body of /v1/chat/completions.
//   * `instructions` is a system message in front. Messages keep their role; reasoning, text and
//     calls of one answer become one assistant message; outputs of calls become tool messages.
//   * function, custom, local_shell and namespace tools become functions (see tools.hpp). Tools
//   that
//     only OpenAI runs (web_search, file_search, mcp ...), their items, references that were not
//     resolved (references.hpp) and reasoning that cannot be read are left out; files become a text
//     that says so.
//   * max_output_tokens, text.format, tool_choice are mapped; what only OpenAI has a use for is
//     dropped; all other fields (sampling, llama-server's own) survive byte for byte.
//   * previous_response_id is refused: nothing is kept here that could be continued.
// The same beginning of a conversation is always the same bytes. Fault::kBadRequest with a text for
// the client.
Result<std::string> to_chat_body(const std::string& body);

// Texts that stand in for what the chat API has no form for. The name of the file may follow.
inline constexpr std::string_view kImageLeftOut = "[image omitted: only URLs can be shown]";
inline constexpr std::string_view kFileLeftOut = "[file omitted: it cannot be read";

// Events or one response object, as the official clients' types want them. They repeat the settings
// of the request up to RequestEcho::kMaxBytes.
std::unique_ptr<ResponseEncoder> make_responses_encoder(const EncoderOptions& options);

}  // namespace keep::openai::responses
