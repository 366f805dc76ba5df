// Counts that a server tells of itself: what cannot be one is none. Pure.
//
// A wrong one must not stay: such numbers go on record, and into estimates that outlive the answer.
#pragma once

#include "base/json/json.hpp"

#include <cstdint>

namespace keep::openai {

inline constexpr std::int64_t kMaxTokens = 1'000'000'000;  // of a prompt, an answer or a window
inline constexpr std::int64_t kMaxSlots = 4096;            // of one server

// 0 for what is no number, negative, or above `most`.
inline std::int64_t count_of(const json::Value& value, std::int64_t most = kMaxTokens) noexcept {
  const std::int64_t count = value.integer().value_or(0);
  return count > 0 && count <= most ? count : 0;
}

}  // namespace keep::openai
