// The dialects there are, and which is spoken where. Pure.
#pragma once

#include "openai/dialect.hpp"

#include <string_view>

namespace keep::openai {

namespace dialects {

const Dialect& pass_through() noexcept;  // bytes as they come
const Dialect& chat() noexcept;          // OpenAI's chat completions
const Dialect& completion() noexcept;    // OpenAI's completions
const Dialect& native() noexcept;        // llama-server's own completions
const Dialect& infill() noexcept;        // generates between two texts, and is passed on unread
const Dialect& responses() noexcept;     // OpenAI's Responses
const Dialect& messages() noexcept;      // Anthropic's messages
const Dialect& ollama_chat() noexcept;
const Dialect& ollama_generate() noexcept;
// Pass through, but for the words in which errors are said.
const Dialect& anthropic_rest() noexcept;
const Dialect& ollama_rest() noexcept;

}  // namespace dialects

struct Spoken {
  const Dialect& dialect;
  bool counts = false;  // only the tokens of a request are asked for
};

// By method and path, decoded and without its query. An unknown method tells no more than the words
// in which errors are said there.
Spoken spoken_at(std::string_view method, std::string_view path) noexcept;

}  // namespace keep::openai
