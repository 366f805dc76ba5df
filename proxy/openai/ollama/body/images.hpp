// Images of a message, in base64 without a type -> parts with data URLs.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

#include <string_view>

namespace keep::openai::ollama {

// Writes one part for each. The type is told from the first bytes. Fault::kBadRequest for what is
// no base64.
Result<> write_images(const json::Value& images, std::string_view where, json::Writer& out);

}  // namespace keep::openai::ollama
