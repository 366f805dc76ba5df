// Comma-separated lists, as in header fields and settings. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace keep {

// The elements that are not empty, without white space around them; views into `list`.
std::vector<std::string_view> tokens_of(std::string_view list);

}  // namespace keep
