#include "openai/dialect.hpp"

#include "base/json/json.hpp"

namespace keep::openai {

Result<std::string> Dialect::translate(const std::string& body) const { return body; }

std::shared_ptr<const responses::RequestEcho> Dialect::read_echo(const std::string&) const {
  return nullptr;
}

std::optional<std::string> Dialect::answer_here(const std::string&, std::int64_t) const {
  return std::nullopt;
}

std::string Dialect::upstream_target(const std::string& target) const {
  if (!is_translated()) return target;
  return surface() == Surface::kChat ? "/v1/chat/completions" : "/v1/completions";
}

std::string Dialect::count_body(std::int64_t tokens) const {
  json::Writer body;
  body.begin_object().member("input_tokens", tokens);
  return body.member("object", "response.input_tokens").end_object().take();
}

std::string Dialect::sign_of_life(std::string_view, std::int64_t) const { return ":\n\n"; }

std::string Dialect::comment(std::string_view text) const {
  return ": " + std::string(text) + "\n\n";
}

std::string Dialect::error_body(int status, std::string openai_body) const {
  if (has_own_errors()) return own_error_(status, openai_body);
  return openai_body;
}

}  // namespace keep::openai
