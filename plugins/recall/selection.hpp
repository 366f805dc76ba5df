// Selection: which of the passages found go into the prompt. Pure.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/services.hpp"
#include "plugins/recall/compose.hpp"
#include "plugins/recall/fog_search.hpp"
#include "plugins/recall/frozen_blocks.hpp"
#include "plugins/recall/recall_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace keep::recall {

inline constexpr std::size_t kMaxPassages = 64;  // looked at for one turn

struct Selected {
  std::vector<Quote> quotes;  // oldest first
  std::vector<std::uint32_t> passages;
};

// Measured on dialogues (top passage, k5 scores): a question reaches 0.77 in its own conversation
// and 0.22 in another one (median), 0.42 there at the 95th percentile; a statement reaches 0.34
// anywhere and 0.66 at the 95th. So statements need this much more than the floor.
inline constexpr double kStatementMargin = 0.25;

// Less telling than this share of the best passage: noise that a small model may take for an
// answer.
inline constexpr float kTail = 0.5F;
// The same when the best passage has every word of the question: what lacks some is most likely
// about something else. On dialogues that loses 0.7 of 79 % of the evidence at 1024 tokens, and
// saves a tenth of them.
inline constexpr float kTailOfWhole = 0.8F;
inline constexpr std::int64_t kHeadTokens = 24;  // what stands before all quotes

// Below it nothing goes into a prompt.
float least_relevance(std::string_view turn, const RecallSettings& settings);

// Passages above the floor and not far below the best one, as many as fit the room set aside; none
// that is in the clear zone, said there word for word, recalled there before, or says nothing that
// the turn does not say itself. With fog_alpha a, relevance counts times
// (1 + distance / window) ^ -a. `turn`: the newest turn's text; `frozen`: may be null; `taken`:
// tokens of the room that are gone.
Selected select_passages(std::vector<Found> found, const Exchange& exchange, std::string_view turn,
                         const RecallSettings& settings, const Tokenizer& tokenizer,
                         const FrozenBlocks::Blocks* frozen, std::int64_t taken = 0);

}  // namespace keep::recall
