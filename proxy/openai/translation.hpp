// Translation: APIs that llama-server is not spoken to in; their requests become chat completions.
#pragma once

#include "base/result.hpp"
#include "openai/surface.hpp"

#include <string>

namespace keep::openai {

constexpr bool is_translated(Surface surface) noexcept {
  return surface == Surface::kMessages || surface == Surface::kResponses;
}

// The chat body that a body of a translated surface means. Fault::kBadRequest with a text for the
// client.
Result<std::string> to_chat_body(Surface surface, const std::string& body);

}  // namespace keep::openai
