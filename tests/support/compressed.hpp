// Texts compressed as clients do it.
#pragma once

#include <string>
#include <string_view>

namespace keep::test {

std::string gzipped(std::string_view text);
std::string zlib_deflated(std::string_view text);
std::string raw_deflated(std::string_view text);
std::string brotli_compressed(std::string_view text);
std::string zstd_compressed(std::string_view text);

}  // namespace keep::test
