#include "exchange/prompt_length.hpp"

namespace keep {

std::optional<std::int64_t> measured_prompt(const Exchange& exchange) noexcept {
  const Answer& answer = exchange.answer;
  std::int64_t tokens = 0;
  if (answer.timings) tokens = answer.timings->cache_n + answer.timings->prompt_n;
  if (tokens <= 0 && answer.usage) tokens = answer.usage->prompt_tokens;
  if (tokens <= 0 && answer.progress) tokens = answer.progress->total;
  if (tokens <= 0) return std::nullopt;
  return tokens - (exchange.continuation ? exchange.continuation->tokens : 0);
}

}  // namespace keep
