#include "plugins/tier/slot_file/kv_likeness.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace keep::tier {

namespace {

constexpr double kNear = 0.03;
enum GgmlType : std::uint32_t { kF32 = 0, kF16 = 1, kBf16 = 30 };

template <class Number>
Number number_at(std::string_view rows, std::size_t index) noexcept {
  Number number;
  std::memcpy(&number, rows.data() + index * sizeof number, sizeof number);
  return number;
}

double from_half(std::uint16_t half) noexcept {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const double value =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
  return (half & 0x8000) != 0 ? -value : value;
}

double f32(std::string_view rows, std::size_t i) noexcept {
  return double{std::bit_cast<float>(number_at<std::uint32_t>(rows, i))};
}
double f16(std::string_view rows, std::size_t i) noexcept {
  return from_half(number_at<std::uint16_t>(rows, i));
}
double bf16(std::string_view rows, std::size_t i) noexcept {
  return double{std::bit_cast<float>(std::uint32_t{number_at<std::uint16_t>(rows, i)} << 16)};
}

template <class Read>
bool are_near(std::size_t numbers, std::string_view a, std::string_view b, Read read) {
  double distance = 0, length = 0;
  for (std::size_t i = 0; i < numbers; ++i) {
    const double one = read(a, i), other = read(b, i);
    distance += (one - other) * (one - other);
    length += one * one;
  }
  return std::sqrt(distance) <= kNear * std::sqrt(length);
}

bool are_mostly_equal(std::string_view a, std::string_view b) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1U : 0U;
  return equal * 2 >= a.size();
}

bool is_part_alike(std::uint32_t type, std::string_view a, std::string_view b) {
  switch (type) {
    case kF32: return are_near(a.size() / 4, a, b, f32);
    case kF16: return are_near(a.size() / 2, a, b, f16);
    case kBf16: return are_near(a.size() / 2, a, b, bf16);
    default: return are_mostly_equal(a, b);
  }
}

}  // namespace

bool are_alike(const KvLayout& layout, std::size_t tokens, std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  std::size_t at = 0;
  for (const KvPart& part : layout.parts) {
    const std::size_t size = part.token_bytes * tokens;
    if (at + size > a.size()) return false;
    if (!is_part_alike(part.type, a.substr(at, size), b.substr(at, size))) return false;
    at += size;
  }
  return at == a.size();
}

}  // namespace keep::tier
