// Vectors at random, the same ones in every run.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

namespace keep::test {

class RandomVectors {
 public:
  explicit RandomVectors(std::size_t dimensions) : dimensions_(dimensions) {}

  std::vector<float> next() {
    std::vector<float> vector(dimensions_);
    for (float& part : vector) part = normal_(random_);
    return vector;
  }
  // `share` of the way from something at random to `towards`.
  std::vector<float> near(std::span<const float> towards, float share) {
    std::vector<float> vector = next();
    for (std::size_t i = 0; i < vector.size(); ++i) {
      vector[i] = (1 - share) * vector[i] + share * towards[i];
    }
    return vector;
  }

 private:
  std::size_t dimensions_;
  std::mt19937 random_{7};
  std::normal_distribution<float> normal_;
};

inline float exact_cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0, as = 0, bs = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    as += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bs += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return static_cast<float>(product / std::sqrt(as * bs));
}

}  // namespace keep::test
