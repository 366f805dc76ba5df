// What is wrong with a body, and where: "'messages[3].content' must be a string".
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "openai/json_text.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace keep::openai::ollama {

inline Error bad_request(std::string_view where, std::string_view what) {
  std::string detail = "'";
  detail.append(where).append("' ").append(what);
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

// Clients write null for what they do not say.
inline bool is_said(const json::Value& value) noexcept {
  return !value.missing() && !is_null(value);
}

}  // namespace keep::openai::ollama
