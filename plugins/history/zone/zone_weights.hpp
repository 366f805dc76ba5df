// Zone weights: how many tokens each message of a request is. Loop thread only.
//
// Estimates from the bytes are enough while a prompt is far from filling its budget. Near it the
// upstream's tokenizer is asked, and only for messages that may still go to the model: from the
// newest back until the budget is full.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/services.hpp"
#include "plugins/history/zone/zone_planner.hpp"

#include <cstddef>
#include <vector>

namespace keep::history {

// What templates put around a message; see PromptBias for what is wrong with it.
inline constexpr Tokens kMessageTokens = 6;

struct ZoneWeights {
  Tokens fixed = 0;              // leading system messages, tools, instructions
  std::vector<Weight> messages;  // after them; what was recalled before them counts as theirs
};

// Messages before `from` (an index into chat.messages) are left out of any counting.
asio::awaitable<ZoneWeights> weigh(const Exchange& exchange, Tokenizer& tokenizer, std::size_t from,
                                   Tokens window);

// Of one message by its bytes.
Tokens estimate(const openai::Message& message, const Tokenizer& tokenizer);

}  // namespace keep::history
