// What the readers of a body share.
#pragma once

#include "base/json/json.hpp"
#include "openai/json_text.hpp"
#include "openai/request/request_limits.hpp"

namespace keep::openai::ollama {

// Clients write null for what they do not say.
inline bool is_said(const json::Value& value) noexcept {
  return !value.missing() && !is_null(value);
}

}  // namespace keep::openai::ollama
