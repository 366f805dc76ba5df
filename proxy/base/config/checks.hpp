// Checks of texts that more than one owner of settings needs. Pure.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::config {

// Refuses a text with a reason for whoever wrote it, or rewrites it to its normal form.
using Check = std::function<Result<>(std::string&)>;

Check one_of(std::vector<std::string_view> choices);
// What one_of() says to any other text.
Error no_choice(std::span<const std::string_view> choices, std::string_view text);

// http://host:port, without a path.
Result<> check_server_url(std::string& text);

}  // namespace keep::config
