#include "base/json/json_scan.hpp"

#include <array>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace keep::json::scan {

namespace {

#if defined(__SSE2__)  // every x86-64

constexpr std::size_t kBlock = 16;

unsigned places_of(char c, __m128i block) noexcept {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(c))));
}

// Where in the block a quote closes the string, as a bit mask. Bit 0 of `escaped` says that the
// first byte of the block belongs to a backslash before it; left so for the next block.
unsigned closing_quotes(const char* bytes, unsigned& escaped) noexcept {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  for (unsigned slashes = places_of('\\', block); slashes != 0; slashes &= slashes - 1) {
    const unsigned lowest = slashes & (~slashes + 1);
    if ((escaped & lowest) == 0) escaped |= lowest << 1;
  }
  const unsigned quotes = places_of('"', block) & ~escaped;
  escaped >>= kBlock;
  return quotes;
}

#endif

// A set of bytes, asked with one load.
class Bytes {
 public:
  constexpr explicit Bytes(std::string_view members) {
    for (const char c : members) has_[static_cast<unsigned char>(c)] = true;
  }
  bool has(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> has_{};
};
constexpr Bytes kAfterScalar(",]}:\" \n\r\t"), kStructure("\"{}[]");

std::size_t skip_scalar(std::string_view text, std::size_t at) noexcept {
  const std::size_t begin = at;
  while (at < text.size() && !kAfterScalar.has(text[at])) ++at;
  return at == begin ? npos : at;
}

// Counts brackets without telling their kinds apart: valid text cannot mix them, and on other
// text all that matters is to stop.
std::size_t skip_container(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (!kStructure.has(c)) {
      ++at;
      continue;
    }
    if (c == '"') {
      at = skip_string(text, at);
      if (at == npos) return npos;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
  return npos;
}

}  // namespace

std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
  ++at;
  unsigned escaped = 0;
#if defined(__SSE2__)
  for (; at + kBlock <= text.size(); at += kBlock) {
    const unsigned quotes = closing_quotes(text.data() + at, escaped);
    if (quotes != 0) return at + static_cast<std::size_t>(std::countr_zero(quotes)) + 1;
  }
#endif
  for (; at < text.size(); ++at) {
    if (escaped != 0) {
      escaped = 0;
    } else if (text[at] == '"') {
      return at + 1;
    } else {
      escaped = text[at] == '\\' ? 1 : 0;
    }
  }
  return npos;
}

std::size_t skip_value(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return npos;
  switch (text[at]) {
    case '"': return skip_string(text, at);
    case '{':
    case '[': return skip_container(text, at);
    default: return skip_scalar(text, at);
  }
}

int hex4(std::string_view text, std::size_t at) noexcept {
  if (at > text.size() || text.size() - at < 4) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    int digit = 0;
    if (c >= '0' && c <= '9')
      digit = c - '0';
    else if (c >= 'a' && c <= 'f')
      digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - 'A' + 10;
    else
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace keep::json::scan
