// Zone budget: how many tokens of the window a prompt may fill. Pure.
//
// Of the window come off: room for the answer, room for recalled text once there is a past to
// recall, and a margin for what could not be counted.
#pragma once

#include "plugins/history/zone/zone_planner.hpp"

#include <cstdint>
#include <optional>

namespace keep::history {

struct Demand {
  Tokens window = 0;
  std::optional<Tokens> max_tokens;  // asked for by the client
  Tokens recall = 0;                 // wished for recalled text
};

struct Budget {       // of a whole prompt
  Tokens whole = 0;   // while nothing has been cut
  Tokens zone = 0;    // with room for recalled text
  Tokens limit = 0;   // with room for nothing else: more than this llama-server refuses
  Tokens recall = 0;  // room for recalled text
};

// No more than a quarter of the window is set aside for an answer or for recalled text: clients ask
// for the largest answer that any model could give.
Budget make_budget(const Demand& demand) noexcept;

}  // namespace keep::history
