// Surface: which API a request speaks. Pure.
#pragma once

#include <string_view>

namespace keep::openai {

enum class Surface { kPassThrough, kChat, kCompletion, kResponses, kMessages };

std::string_view to_string(Surface surface) noexcept;
// By method and path (query string ignored): POST /v1/chat/completions, /chat/completions, ...
Surface surface_of(std::string_view method, std::string_view target) noexcept;

}  // namespace keep::openai
