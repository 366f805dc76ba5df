// Zone budget: how many tokens of the window are the conversation's own. Pure.
//
// Of the window come off: what always goes (system, tools), room for the answer, room for recalled
// text once there is a past to recall, and a margin for what a template adds.
#pragma once

#include "plugins/history/zone/zone_planner.hpp"

#include <cstdint>
#include <optional>

namespace keep::history {

struct Demand {
  Tokens window = 0;
  Tokens fixed = 0;                  // leading system messages and tools
  std::optional<Tokens> max_tokens;  // asked for by the client
  Tokens recall = 0;                 // wished for recalled text
};

struct Budget {
  Tokens whole = 0;   // while nothing has been cut
  Tokens zone = 0;    // with room for recalled text
  Tokens limit = 0;   // with room for nothing else: more than this the window cannot hold
  Tokens recall = 0;  // room for recalled text
};

// No more than a quarter of the window is set aside for an answer or for recalled text: clients ask
// for the largest answer that any model could give.
Budget make_budget(const Demand& demand) noexcept;

// How far the estimate of prompts was off lately: a slowly decaying maximum of measured over
// estimated tokens, at least 1. Templates differ in what they put around a message.
class PromptBias {
 public:
  double factor() const noexcept { return factor_; }
  void learn(Tokens estimated, Tokens measured) noexcept;

 private:
  double factor_ = 1.0;
};

}  // namespace keep::history
