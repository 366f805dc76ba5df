// How long a prompt was, as upstream says.
#pragma once

#include "exchange/exchange.hpp"

#include <cstdint>
#include <optional>

namespace keep {

// Tokens of the whole prompt, template and recalled text included, as the client's usage will say;
// nothing until upstream has told. What stands at its end as the beginning of an answer is not the
// prompt's.
std::optional<std::int64_t> measured_prompt(const Exchange& exchange) noexcept;

}  // namespace keep
