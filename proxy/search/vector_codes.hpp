// VectorCodes: vectors by their direction alone, a byte for each dimension.
//
// A vector is brought to length 1 and divided by its largest part, so that parts are -127 to 127;
// that part is its scale. A cosine of two codes is off by some thousandths. One thread at a time;
// reading alone may be done by several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace keep::search {

struct VectorCode {
  std::vector<std::int8_t> parts;  // padded as rows are
  float scale = 0;
};

class VectorCodes {
 public:
  explicit VectorCodes(std::size_t dimensions) noexcept;

  std::size_t dimensions() const noexcept { return dimensions_; }
  std::size_t size() const noexcept { return scales_.size(); }  // rows 0, 1, 2 ... as added

  // Of finite numbers that are not all 0, as many as dimensions().
  VectorCode encode(std::span<const float> vector) const;
  void add(const VectorCode& code);

  float cosine(std::uint32_t a, std::uint32_t b) const noexcept;
  float cosine(const VectorCode& code, std::uint32_t row) const noexcept;

  // As they are kept in files: dimensions() parts, without padding.
  std::span<const std::int8_t> parts(std::uint32_t row) const noexcept;
  float scale(std::uint32_t row) const noexcept { return scales_[row]; }
  void add(std::span<const std::int8_t> parts, float scale);

  std::size_t memory_bytes() const noexcept;

 private:
  const std::int8_t* row(std::uint32_t row) const noexcept { return parts_.data() + row * stride_; }

  std::size_t dimensions_, stride_;
  std::vector<std::int8_t> parts_;
  std::vector<float> scales_;
};

}  // namespace keep::search
