#include "plugins/history/zone/prompt_estimates.hpp"

#include <algorithm>
#include <cstdlib>

namespace keep::history {

namespace {

// Of a guess. Denser text than that is rare, and llama-server refuses what does not fit after all.
constexpr double kDoubt = 2.0 / 3;

}  // namespace

PromptEstimates::Estimate PromptEstimates::of(std::uint64_t prompt, Tokens guessed) const {
  const Known* const known = known_.peek(prompt);
  const Known none;
  const Known& last = known == nullptr ? none : *known;
  const Tokens since = guessed - last.guessed;
  Estimate estimate;
  estimate.measured = known != nullptr && known->tokens > 0;
  estimate.likely = std::max<Tokens>(0, last.tokens + since);
  estimate.at_most =
      estimate.likely + static_cast<Tokens>(kDoubt * static_cast<double>(std::abs(since)));
  return estimate;
}

void PromptEstimates::measured(std::uint64_t prompt, Tokens guessed, Tokens tokens) {
  Known& known = get(prompt);
  known.guessed = guessed;
  known.tokens = tokens;
}

double PromptEstimates::tokens_per_byte(std::uint64_t prompt) const {
  const Known* const known = known_.peek(prompt);
  return known == nullptr ? 0 : known->tokens_per_byte;
}

void PromptEstimates::counted(std::uint64_t prompt, double tokens_per_byte) {
  get(prompt).tokens_per_byte = tokens_per_byte;
}

PromptEstimates::Known& PromptEstimates::get(std::uint64_t prompt) {
  Known& known = known_.get(prompt);
  while (known_.size() > kMaxRemembered) known_.pop_oldest();
  return known;
}

}  // namespace keep::history
