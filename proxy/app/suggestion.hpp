// What somebody may have meant who mistyped a name. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keep {

// The candidate that differs in the fewest typing errors; empty when none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
// "; did you mean X?" or nothing.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace keep
