// Percent encoding: text inside the path or query of a target (RFC 3986). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace keep::percent {

// Letters, digits and "-._~" stay; every other byte becomes %XX.
std::string encode(std::string_view text);
// Nothing when a % is not followed by two hexadecimal digits. A + stays a +.
std::optional<std::string> decode(std::string_view text);

}  // namespace keep::percent
