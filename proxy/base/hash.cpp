#include "base/hash.hpp"

#include "base/byte_codec.hpp"

#include <xxhash.h>
#if defined(__x86_64__)  // as wide as the processor can, which is asked at run time
#include <xxh_x86dispatch.h>
#endif

#include <array>
#include <charconv>

namespace keep {

namespace {

std::string hex(const unsigned char* bytes, std::size_t count) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(count * 2, '0');
  for (std::size_t i = 0; i < count; ++i) {
    out[2 * i] = kDigits[bytes[i] >> 4];
    out[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return out;
}

}  // namespace

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b) noexcept {
  const std::array<std::uint64_t, 2> pair{a, b};
  return XXH3_64bits(pair.data(), sizeof pair);
}

Hash128 hash128(std::string_view bytes, std::string_view secret) noexcept {
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret.data(), secret.size());
  return {hash.high64, hash.low64};
}

std::string hash_secret(std::string_view key) {
  constexpr std::uint64_t kWords = 24;  // XXH3 wants 136 bytes at least
  std::string secret;
  for (std::uint64_t i = 0; i < kWords; ++i) put(secret, hash64(key, i));
  return secret;
}

std::string hash128_hex(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return hex(canonical.digest, sizeof canonical.digest);
}

std::string to_hex(std::uint64_t value) {
  XXH64_canonical_t canonical;
  XXH64_canonicalFromHash(&canonical, value);
  return hex(canonical.digest, sizeof canonical.digest);
}

std::uint64_t from_hex(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = static_cast<unsigned char>(difference | (a[i] ^ other));
  }
  return difference == 0;
}

}  // namespace keep
