// Which dialect is spoken at which path.
#include "openai/dialects/dialects.hpp"

namespace keep::openai {

namespace {

struct Path {
  std::string_view path;
  const Dialect& (*dialect)() noexcept;
  bool counts = false;
};

// Where llama-server generates, or counts what it would generate from; all by POST.
constexpr Path kPaths[] = {
    {"/v1/chat/completions", dialects::chat},
    {"/chat/completions", dialects::chat},
    {"/v1/completions", dialects::completion},
    {"/completions", dialects::native},
    {"/completion", dialects::native},
    {"/infill", dialects::infill},
    {"/v1/responses", dialects::responses},
    {"/responses", dialects::responses},
    {"/v1/messages", dialects::messages},
    {"/api/chat", dialects::ollama_chat},
    {"/api/generate", dialects::ollama_generate},
    {"/v1/chat/completions/input_tokens", dialects::chat, true},
    {"/chat/completions/input_tokens", dialects::chat, true},
    {"/v1/responses/input_tokens", dialects::responses, true},
    {"/responses/input_tokens", dialects::responses, true},
    {"/v1/messages/count_tokens", dialects::messages, true},
};

bool is_at_or_below(std::string_view path, std::string_view root) noexcept {
  if (!path.starts_with(root)) return false;
  return path.size() == root.size() || path[root.size()] == '/';
}

}  // namespace

Spoken spoken_at(std::string_view method, std::string_view path) noexcept {
  if (method == "POST") {
    for (const Path& known : kPaths) {
      if (path == known.path) return {known.dialect(), known.counts};
    }
  }
  if (is_at_or_below(path, "/v1/messages")) return {dialects::anthropic_rest()};
  if (is_at_or_below(path, "/api")) return {dialects::ollama_rest()};
  return {dialects::pass_through()};
}

}  // namespace keep::openai
