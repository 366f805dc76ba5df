// Window: how many tokens of one conversation the model can see.
#pragma once

#include "exchange/services.hpp"

#include <cstddef>
#include <cstdint>

namespace keep {

struct WindowLimits {
  std::size_t tokens = 0;       // asked for; 0: as many as there are
  std::size_t pool_tokens = 0;  // KV cells that all slots of an upstream share; 0: not known
};

// The smallest of what was asked for, the slot's context (llama-server caps it at the model's
// training context) and the slot's share of the KV pool. No endpoint tells that slots share a pool:
// without `pool_tokens` the reported context has to be believed. 0: upstream has told nothing yet.
std::int64_t window_tokens(const ServerProps& props, const WindowLimits& limits) noexcept;

}  // namespace keep
