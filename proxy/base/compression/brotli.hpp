// Brotli: texts that came in that coding. The only door to libbrotli. Any thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace keep::brotli {

// Fault::kBadRequest for what is damaged, cut short or followed by something else;
// Fault::kTooLarge, found out with no more memory than that, past `max_bytes`.
Result<std::string> decompress(std::string_view bytes, std::size_t max_bytes);

}  // namespace keep::brotli
