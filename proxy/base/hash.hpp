// Hashes. The only door to xxHash. Pure, any thread. 64 bits for tables, 128 for names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keep {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

// Order matters: hash of a pair, for chains.
std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b) noexcept;

struct Hash128 {
  std::uint64_t high = 0, low = 0;
};
// XXH3-128 with a secret that hash_secret() has made: who does not know it cannot look for bytes of
// one hash.
Hash128 hash128(std::string_view bytes, std::string_view secret) noexcept;
std::string hash_secret(std::string_view key);  // of any bytes; the same for the same ones

// XXH3-128 in canonical (big-endian) form, as 32 hex digits.
std::string hash128_hex(std::string_view bytes);

std::string to_hex(std::uint64_t value);  // 16 digits
// Up to the first byte that is no hex digit; 0 when there is none.
std::uint64_t from_hex(std::string_view text) noexcept;

// Compares in time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace keep
