// Random identifiers. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keep {

std::uint64_t random64();
// prefix followed by 16 random hex digits, e.g. random_id("req-").
std::string random_id(std::string_view prefix);

}  // namespace keep
