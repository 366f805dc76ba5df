// How sure the model was of a token. Pure.
#pragma once

#include "base/json/json.hpp"

#include <optional>

namespace keep::hedge {

// The least probability of choice 0's tokens in a chat chunk that carries `logprobs`.
std::optional<double> least_probability(const json::Value& chunk);

}  // namespace keep::hedge
