// The oldest llama-server whose behaviour was verified.
#pragma once

namespace keep {

inline constexpr const char* kMinimumEngine = "0.7.0";
inline constexpr int kMinimumBuild = 11669;

}  // namespace keep
