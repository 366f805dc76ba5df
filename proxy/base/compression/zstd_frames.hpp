// Zstd texts as they come over the network, from somebody who is not trusted. Any thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace keep::zstd {

// One frame or several. Fault::kBadRequest for what is damaged, cut short or followed by something
// else; Fault::kTooLarge, found out with no more memory than that, past `max_bytes`.
Result<std::string> decompress_frames(std::string_view frames, std::size_t max_bytes);

}  // namespace keep::zstd
