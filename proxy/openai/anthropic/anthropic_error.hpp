// Anthropic's error words.
#pragma once

#include "base/error.hpp"
#include "base/json/json.hpp"

#include <string>
#include <string_view>

namespace keep::openai::anthropic {

std::string_view error_type_of(int status) noexcept;
std::string_view error_type_of(Fault fault) noexcept;

// What upstream's `error` says, in words that clients act on; `otherwise` if it says nothing.
std::string message_of(const json::Value& error, const std::string& otherwise);

// {"type":"error","error":{"type":...,"message":...}}
std::string error_body(std::string_view type, std::string_view message);

}  // namespace keep::openai::anthropic
