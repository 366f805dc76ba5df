// Bytes -> each decoder of content codings. What comes out keeps to the limit, and a decoder ends.
#include "base/compression/brotli.hpp"
#include "base/compression/inflate.hpp"
#include "base/compression/zstd_frames.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 100000;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto decode : {keep::inflate::gunzip, keep::inflate::inflate, keep::brotli::decompress,
                            keep::zstd::decompress_frames}) {
    const auto text = decode(bytes, kLimit);
    keep::fuzz::check(!text || text->size() <= kLimit);
  }
  return 0;
}
