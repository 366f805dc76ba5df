// The request as upstream gets it, with all edits.
#pragma once

#include "flow/flow.hpp"
#include "openai/edit/pieces.hpp"

#include <cstddef>
#include <string>

namespace keep {

// Views into the exchange.
Result<openai::Pieces> upstream_body(const Exchange& exchange);
// The head for a body of that size. Fields that are meant for us are not in it, nor is the client's
// key where keys are asked for.
std::string upstream_head(const Flow& flow, const Exchange& exchange, std::size_t body_bytes);

}  // namespace keep
