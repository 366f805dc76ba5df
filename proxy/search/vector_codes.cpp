#include "search/vector_codes.hpp"

#include "search/slow_growth.hpp"

#include <algorithm>
#include <cmath>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace keep::search {

namespace {

constexpr std::size_t kPadding = 32;  // parts that one step of a product takes
constexpr float kLargest = 127;

std::int32_t plain_product(const std::int8_t* a, const std::int8_t* b, std::size_t count) noexcept {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::int32_t{a[i]} * b[i];
  return sum;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) __m256i wide(const std::int8_t* parts) noexcept {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(parts)));
}

__attribute__((target("avx2"))) std::int32_t fast_product(const std::int8_t* a,
                                                          const std::int8_t* b,
                                                          std::size_t count) noexcept {
  __m256i sums = _mm256_setzero_si256();
  __m256i more = _mm256_setzero_si256();
  for (std::size_t i = 0; i < count; i += kPadding) {
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(wide(a + i), wide(b + i)));
    more = _mm256_add_epi32(more, _mm256_madd_epi16(wide(a + i + 16), wide(b + i + 16)));
  }
  sums = _mm256_add_epi32(sums, more);
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_hadd_epi32(four, four);
  return _mm_cvtsi128_si32(_mm_hadd_epi32(four, four));
}

std::int32_t product(const std::int8_t* a, const std::int8_t* b, std::size_t count) noexcept {
  static const bool fast = __builtin_cpu_supports("avx2") != 0;
  return fast ? fast_product(a, b, count) : plain_product(a, b, count);
}
#else
std::int32_t product(const std::int8_t* a, const std::int8_t* b, std::size_t count) noexcept {
  return plain_product(a, b, count);
}
#endif

}  // namespace

VectorCodes::VectorCodes(std::size_t dimensions) noexcept
    : dimensions_(dimensions), stride_((dimensions + kPadding - 1) / kPadding * kPadding) {}

VectorCode VectorCodes::encode(std::span<const float> vector) const {
  double square = 0;
  float largest = 0;
  for (const float part : vector) {
    square += static_cast<double>(part) * static_cast<double>(part);
    largest = std::max(largest, std::abs(part));
  }
  VectorCode code;
  code.parts.resize(stride_);
  code.scale = largest / static_cast<float>(std::sqrt(square)) / kLargest;
  const float factor = kLargest / largest;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    code.parts[i] = static_cast<std::int8_t>(std::lround(vector[i] * factor));
  }
  return code;
}

void VectorCodes::add(const VectorCode& code) {
  add(std::span(code.parts).first(dimensions_), code.scale);
}

void VectorCodes::add(std::span<const std::int8_t> parts, float scale) {
  if (parts_.size() == parts_.capacity()) {
    parts_.reserve(parts_.size() + parts_.size() / 16 / stride_ * stride_ + 16 * stride_);
  }
  parts_.insert(parts_.end(), parts.begin(), parts.end());
  parts_.resize(parts_.size() + stride_ - dimensions_);
  push_back(scales_, scale);
}

float VectorCodes::cosine(std::uint32_t a, std::uint32_t b) const noexcept {
  return static_cast<float>(product(row(a), row(b), stride_)) * scales_[a] * scales_[b];
}

float VectorCodes::cosine(const VectorCode& code, std::uint32_t row_number) const noexcept {
  return static_cast<float>(product(code.parts.data(), row(row_number), stride_)) * code.scale *
         scales_[row_number];
}

std::span<const std::int8_t> VectorCodes::parts(std::uint32_t row_number) const noexcept {
  return {row(row_number), dimensions_};
}

std::size_t VectorCodes::memory_bytes() const noexcept {
  return parts_.capacity() + scales_.capacity() * sizeof(float);
}

}  // namespace keep::search
