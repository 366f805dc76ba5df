// Text difference: where two texts part, and what kind of change that is. Pure, linear.
#pragma once

#include <cstddef>
#include <string_view>

namespace keep::hygiene {

enum class TextChange { kNone, kWhiteSpace, kTimestamp, kOther };

// The first byte that differs; the shorter one's size when it is the beginning of the other.
std::size_t first_difference(std::string_view a, std::string_view b) noexcept;

// kTimestamp: the first word that differs is a date or a time in both (digits with separators of
// the same shape, a long count of seconds, the name of a day or a month).
TextChange classify_change(std::string_view a, std::string_view b);

}  // namespace keep::hygiene
