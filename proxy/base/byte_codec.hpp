// Numbers as bytes: little-endian and of fixed width, or varints (7 bits per byte, low ones first,
// the top bit says that more follow). Pure.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep {

template <std::unsigned_integral Int>
void put(std::string& out, Int value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

// Small numbers of either sign as small numbers.
constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// Takes numbers off the front. After the end every number is 0 and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept : left_(bytes) {}

  bool ok() const noexcept { return ok_; }
  std::string_view left() const noexcept { return left_; }

  std::string_view take(std::size_t count) noexcept {
    if (count > left_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  template <std::unsigned_integral Int>
  Int get() noexcept {
    const std::string_view bytes = take(sizeof(Int));
    Int value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<Int>(value |
                               (static_cast<Int>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
    }
    return value;
  }

  std::uint64_t get_varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = get<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace keep
