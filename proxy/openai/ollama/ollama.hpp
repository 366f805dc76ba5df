// Ollama's API, translated to chat completions and back: llama-server has two or three of its
// paths, with answers that Ollama's clients cannot read. Pure.
#pragma once

#include "base/result.hpp"
#include "openai/answer/response_encoder.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace keep::openai::ollama {

enum class Call {
  kChat,      // /api/chat
  kGenerate,  // /api/generate, which is a chat of one turn
  kRaw,       // /api/generate with a prompt that no template is put around
};

// Of a body of /api/generate; anything that cannot be read is no raw one.
bool is_raw(const std::string& body);

// Body -> body of /v1/chat/completions, or of /v1/completions for kRaw.
//   * Streaming is the default. `options` become the members that llama-server knows; what is about
//     loading a model (num_ctx, num_gpu ...), keep_alive, context and log probabilities are
//     dropped.
//   * `images` become parts with data URLs, `thinking` becomes reasoning_content, arguments of tool
//     calls become texts. Calls without an id get one by their place, and so do their results.
//   * `format` becomes response_format, `think` an argument of the chat template.
//   * `template` and `suffix` are refused: a prompt is made by the template of the model.
//   * Other fields (llama-server's own, e.g. id_slot, cache_prompt, x_keep) survive byte for byte.
// The same beginning of a conversation is always the same bytes. Fault::kBadRequest with a text for
// the client.
Result<std::string> to_upstream_body(Call call, const std::string& body);

// A request that says nothing is Ollama's way to load a model, or to unload it (keep_alive 0): the
// whole answer to it. Nothing for any other request. `now`: seconds since 1970.
std::optional<std::string> load_answer(Call call, const std::string& body, std::int64_t now);

// What is spoken at /api/chat and at /api/generate.
const Dialect& chat_dialect() noexcept;
const Dialect& generate_dialect() noexcept;

// One JSON for each line, or one JSON.
std::unique_ptr<ResponseEncoder> make_encoder(Call call, const EncoderOptions& options);

// A line of a stream that says nothing. Its clients read every line as an answer, empty ones too,
// so there is nothing else that they would pass over.
std::string empty_line(Call call, std::string_view model, std::int64_t now);

// An OpenAI-shaped error body -> {"error":"what is wrong"}.
std::string to_error_body(int status, const std::string& openai_body);

// As Ollama writes a time; seconds since 1970.
std::string timestamp(std::int64_t seconds);

}  // namespace keep::openai::ollama
