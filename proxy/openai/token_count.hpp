// Token counts: the paths that only count, and what they answer. Pure.
#pragma once

#include "openai/surface.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::openai {

// The surface whose requests a path counts the tokens of: POST /v1/messages/count_tokens,
// /v1/responses/input_tokens, /v1/chat/completions/input_tokens.
std::optional<Surface> counted_surface(std::string_view method, std::string_view target) noexcept;
std::string count_body(Surface surface, std::int64_t tokens);

}  // namespace keep::openai
