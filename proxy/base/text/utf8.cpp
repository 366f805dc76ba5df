#include "base/text/utf8.hpp"

#include <utf8proc.h>

namespace keep::utf8 {

namespace {

const utf8proc_property_t& properties_of(char32_t code) noexcept {
  return *utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
}

}  // namespace

std::size_t length_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned b0 = byte(0), b1 = byte(1);
  if (b0 < 0x80) return 1;
  if (b0 < 0xC2 || b0 > 0xF4 || !tail(1)) return 0;
  if (b0 < 0xE0) return 2;
  if (b0 < 0xF0) {
    const bool overlong = b0 == 0xE0 && b1 < 0xA0;
    const bool surrogate = b0 == 0xED && b1 > 0x9F;
    return tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  const bool overlong = b0 == 0xF0 && b1 < 0x90;
  const bool beyond = b0 == 0xF4 && b1 > 0x8F;
  return tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
}

Character decode(std::string_view text, std::size_t at) noexcept {
  const std::size_t size = length_at(text, at);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto tail = [&](std::size_t i) { return char32_t{byte(i)} & 0x3FU; };
  switch (size) {
    case 0: return {};
    case 1: return {byte(0), 1};
    case 2: return {(byte(0) & 0x1FU) << 6 | tail(1), 2};
    case 3: return {(byte(0) & 0x0FU) << 12 | tail(1) << 6 | tail(2), 3};
    default: return {(byte(0) & 0x07U) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4};
  }
}

bool is_valid(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = length_at(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

Encoded encode(char32_t code) noexcept {
  Encoded encoded;
  auto* const bytes = reinterpret_cast<utf8proc_uint8_t*>(encoded.bytes);
  encoded.size =
      static_cast<std::size_t>(utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes));
  return encoded;
}

Category category_of(char32_t code) noexcept {
  switch (properties_of(code).category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return Category::kLetter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: return Category::kMark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL: return Category::kNumber;
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO: return Category::kUnknown;
    default: return Category::kSeparator;
  }
}

char32_t to_small(char32_t code) noexcept {
  constexpr char32_t kFinalSigma = 0x03C2, kSigma = 0x03C3;
  constexpr std::uint16_t kNone = UINT16_MAX;
  if (code == kFinalSigma) return kSigma;
  if (code == 0x023A || code == 0x023E) return code;
  if (properties_of(code).lowercase_seqindex == kNone) return code;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
}

}  // namespace keep::utf8
