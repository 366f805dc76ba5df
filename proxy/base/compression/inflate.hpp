// Inflate: texts that came as gzip or deflate. The only door to zlib. Any thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace keep::inflate {

// Fault::kBadRequest for what is damaged, cut short or followed by something else;
// Fault::kTooLarge, found out with no more memory than that, past `max_bytes`.
Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);  // one member or several
// "deflate" as HTTP means it, in zlib's wrapping, and as some clients send it, without.
Result<std::string> inflate(std::string_view bytes, std::size_t max_bytes);

}  // namespace keep::inflate
