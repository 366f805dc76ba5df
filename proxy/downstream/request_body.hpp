// A request's body as the text that it stands for: without content codings (gzip, deflate, br,
// zstd, several on top of each other) and without a byte order mark.
#pragma once

#include "base/result.hpp"
#include "exchange/http/http_message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace keep {

// True: decode_body() has to decompress, which is no work for the loop.
bool is_compressed(const Request& request);

// Why the codings of the body are none that are taken off here; nothing when they are.
std::optional<std::string> unreadable_codings(const Request& request);
inline constexpr std::string_view kReadableCodings = "gzip, deflate, br, zstd";

// Puts the text in the place of the body, which has then no Content-Encoding; the codings must be
// readable. Fault::kTooLarge past `max_bytes` after any of them, kBadRequest for a damaged one and
// for text that is not UTF-8 but UTF-16 or UTF-32. Any thread.
Result<> decode_body(Request& request, std::size_t max_bytes);

}  // namespace keep
