#include "openai/surface.hpp"

#include <utility>

namespace keep::openai {

std::string_view to_string(Surface surface) noexcept {
  switch (surface) {
    case Surface::kPassThrough: return "pass_through";
    case Surface::kChat: return "chat";
    case Surface::kCompletion: return "completion";
    case Surface::kResponses: return "responses";
    case Surface::kMessages: return "messages";
  }
  return "pass_through";
}

Surface surface_of(std::string_view method, std::string_view target) noexcept {
  // The paths on which llama-server generates.
  static constexpr std::pair<std::string_view, Surface> kPaths[] = {
      {"/v1/chat/completions", Surface::kChat},
      {"/chat/completions", Surface::kChat},
      {"/api/chat", Surface::kChat},
      {"/v1/completions", Surface::kCompletion},
      {"/completions", Surface::kCompletion},
      {"/completion", Surface::kCompletion},
      {"/v1/responses", Surface::kResponses},
      {"/responses", Surface::kResponses},
      {"/v1/messages", Surface::kMessages},
  };
  if (method != "POST") return Surface::kPassThrough;
  const std::string_view path = target.substr(0, target.find('?'));
  for (const auto& [known, surface] : kPaths) {
    if (path == known) return surface;
  }
  return Surface::kPassThrough;
}

}  // namespace keep::openai
