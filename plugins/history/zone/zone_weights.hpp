// Zone weights: how many tokens each message of a request is. Loop thread only.
//
// Guesses from the bytes are enough while a prompt is far from filling its budget. When it has to
// be cut the texts are counted by the upstream's tokenizer, those that may still go to the model:
// from the newest back until the window is full. What neither knows, the template's part, comes
// from the length of the whole prompt.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "plugins/history/zone/zone_planner.hpp"

#include <cstddef>
#include <vector>

namespace keep::history {

// What templates put around a message.
inline constexpr Tokens kMessageTokens = 6;

struct ZoneWeights {
  Tokens fixed = 0;              // leading system messages, tools, instructions
  bool tools = false;            // some of that only the template knows how to print
  std::vector<Weight> messages;  // after them; what was recalled before them counts as theirs
};

ZoneWeights guess_weights(const Exchange& exchange, const Tokenizer& tokenizer);

// The same with texts counted: those of the leading messages, and from the newest message back to
// `from` (an index into chat.messages) until there are `enough` tokens. `tokens_per_byte` is that
// of the counted texts, 0 when they are too short to tell.
struct CountedWeights {
  ZoneWeights weights;
  double tokens_per_byte = 0;
};
asio::awaitable<CountedWeights> count_weights(const Exchange& exchange, Tokenizer& tokenizer,
                                              std::size_t from, Tokens enough);

// Of the whole prompt when the zone begins there.
Tokens tokens_from(const ZoneWeights& weights, const Anchor& anchor);
// Puts right what `weights` say of that prompt: it has so many tokens. What they miss is the tools'
// part; without tools it is what the template puts around the messages.
void correct(ZoneWeights& weights, const Anchor& anchor, Tokens measured);

// Of one message by its bytes.
Tokens estimate(const openai::Message& message, const Tokenizer& tokenizer);

}  // namespace keep::history
