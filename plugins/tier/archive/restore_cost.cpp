#include "plugins/tier/archive/restore_cost.hpp"

#include <algorithm>

namespace keep::tier {

namespace {

constexpr double kFixedSeconds = 0.002;    // two calls, and the server's turn of its loop
constexpr std::int64_t kLeastTokens = 32;  // of a prefill that tells a rate

void learn(std::optional<double>& mean, double value) noexcept {
  const double weight = mean && value < *mean ? 1.0 / 2 : 1.0 / 8;
  mean = mean ? *mean + weight * (value - *mean) : value;
}

}  // namespace

void RestoreCost::restored(std::uint64_t bytes, double seconds) noexcept {
  if (bytes == 0) return;
  learn(byte_seconds_, std::max(seconds - kFixedSeconds, 0.0) / static_cast<double>(bytes));
}

void RestoreCost::prefilled(std::int64_t tokens, double seconds) noexcept {
  if (tokens < kLeastTokens || seconds <= 0) return;
  learn(token_seconds_, seconds / static_cast<double>(tokens));
}

double RestoreCost::restore_seconds(std::uint64_t bytes) const noexcept {
  return kFixedSeconds + byte_seconds_.value_or(0) * static_cast<double>(bytes);
}

double RestoreCost::prefill_seconds(std::int64_t tokens) const noexcept {
  return token_seconds_.value_or(0) * static_cast<double>(tokens);
}

bool RestoreCost::pays(std::int64_t tokens, std::uint64_t bytes) const noexcept {
  if (!token_seconds_ || !byte_seconds_) return true;
  return restore_seconds(bytes) < prefill_seconds(tokens);
}

}  // namespace keep::tier
