// contains(): whether a text stands in another one, in time that is linear whatever the two are.
// std::string_view::find compares anew at each place where the first character fits: of two long
// texts of the same character that takes hours.
#pragma once

#include <cstring>
#include <string_view>

namespace keep {

inline bool contains(std::string_view text, std::string_view part) noexcept {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace keep
