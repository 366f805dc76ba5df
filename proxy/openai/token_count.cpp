#include "openai/token_count.hpp"

#include "base/json/json.hpp"

#include <utility>

namespace keep::openai {

namespace {

std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

}  // namespace

std::optional<Surface> counted_surface(std::string_view method, std::string_view target) noexcept {
  static constexpr std::pair<std::string_view, Surface> kPaths[] = {
      {"/v1/messages/count_tokens", Surface::kMessages},
      {"/v1/responses/input_tokens", Surface::kResponses},
      {"/responses/input_tokens", Surface::kResponses},
      {"/v1/chat/completions/input_tokens", Surface::kChat},
      {"/chat/completions/input_tokens", Surface::kChat},
  };
  if (method != "POST") return std::nullopt;
  for (const auto& [path, surface] : kPaths) {
    if (path_of(target) == path) return surface;
  }
  return std::nullopt;
}

std::string count_body(Surface surface, std::int64_t tokens) {
  json::Writer body;
  body.begin_object().member("input_tokens", tokens);
  if (surface != Surface::kMessages) body.member("object", "response.input_tokens");
  return body.end_object().take();
}

}  // namespace keep::openai
