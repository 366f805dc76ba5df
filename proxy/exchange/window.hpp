// Window: how many tokens of one conversation the model can see.
#pragma once

#include "exchange/interfaces/upstreams.hpp"

#include <cstddef>
#include <cstdint>

namespace keep {

// The smallest of the slot's context (llama-server caps it at the model's training context), the
// slot's share of the KV pool, and `asked` (0: as many as there are). No endpoint tells that slots
// share a pool: without Upstream::pool_tokens the reported context has to be believed. 0: upstream
// has told nothing yet.
std::int64_t window_tokens(const Upstream& upstream, std::size_t asked = 0) noexcept;

}  // namespace keep
