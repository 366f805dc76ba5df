// Selection: which of the passages found go into the prompt. Pure.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/recall/ask/question.hpp"
#include "plugins/recall/fog/fog_search.hpp"
#include "plugins/recall/prompt/compose.hpp"
#include "plugins/recall/prompt/sent_blocks.hpp"
#include "plugins/recall/recall_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
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
// The same when the best passage is whole (ranking.hpp): what lacks words of the question is most
// likely about something else. On dialogues that loses 2.4 of 79.0 % of the evidence at 1024
// tokens, and saves a seventh of them.
inline constexpr float kTailOfWhole = 0.9F;
// For passages that are whole themselves.
inline constexpr float kTailAmongWhole = 0.8F;
inline constexpr std::int64_t kHeadTokens = 24;  // what stands before all quotes

// Below it nothing goes into a prompt.
float least_relevance(bool is_question, const RecallSettings& settings);

// Passages above the floor and not far below the best one for the same question, as many as fit the
// room set aside; none that is in the clear zone, said there word for word, recalled there before,
// or says nothing that the turn does not say itself. With fog_alpha a, relevance counts times
// (1 + distance / window) ^ -a. `sent`: what was recalled there before; `taken`: tokens of the room
// that are gone.
Selected select_passages(std::vector<Found> found, const Exchange& exchange, const Wanted& wanted,
                         const RecallSettings& settings, std::span<const SentBlock> sent,
                         std::int64_t taken = 0);

}  // namespace keep::recall
