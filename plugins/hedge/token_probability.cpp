#include "plugins/hedge/token_probability.hpp"

#include <algorithm>
#include <cmath>

namespace keep::hedge {

std::optional<double> least_probability(const json::Value& chunk) {
  std::optional<double> least;
  for (const json::Value choice : chunk.find("choices").elements()) {
    if (choice.find("index").integer().value_or(0) != 0) continue;
    for (const json::Value token : choice.find("logprobs").find("content").elements()) {
      const auto logprob = token.find("logprob").number();
      if (logprob) least = std::min(least.value_or(1), std::exp(*logprob));
    }
  }
  return least;
}

}  // namespace keep::hedge
