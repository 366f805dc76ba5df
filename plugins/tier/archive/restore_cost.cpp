#include "plugins/tier/archive/restore_cost.hpp"

#include <algorithm>

namespace keep::tier {

namespace {

constexpr double kFixedSeconds = 0.002;    // two calls, and the server's turn of its loop
constexpr std::int64_t kLeastTokens = 32;  // of a prefill that tells a rate
constexpr double kWeight = 1.0 / 8, kQuickWeight = 1.0 / 2;  // of a new measurement

}  // namespace

void RestoreCost::restored(std::uint64_t bytes, double seconds) noexcept {
  if (bytes == 0) return;
  const double rate = std::max(seconds - kFixedSeconds, 0.0) / static_cast<double>(bytes);
  const double before = byte_seconds_.value_or(rate);
  byte_seconds_ = before + (rate < before ? kQuickWeight : kWeight) * (rate - before);
}

void RestoreCost::prefilled(std::int64_t tokens, double seconds) noexcept {
  if (tokens < kLeastTokens || seconds <= 0) return;
  tokens_ += static_cast<double>(tokens) - kWeight * tokens_;
  seconds_ += seconds - kWeight * seconds_;
}

double RestoreCost::restore_seconds(std::uint64_t bytes) const noexcept {
  return kFixedSeconds + byte_seconds_.value_or(0) * static_cast<double>(bytes);
}

double RestoreCost::prefill_seconds(std::int64_t tokens) const noexcept {
  return tokens_ > 0 ? seconds_ / tokens_ * static_cast<double>(tokens) : 0;
}

bool RestoreCost::pays(std::int64_t tokens, std::uint64_t bytes) const noexcept {
  if (tokens_ == 0 || !byte_seconds_) return true;
  return restore_seconds(bytes) < prefill_seconds(tokens);
}

}  // namespace keep::tier
