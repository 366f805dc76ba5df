// KnownFacts: which stored facts go into the prompt beside the recalled passages. Pure.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/interfaces/knowledge.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/recall/ask/question.hpp"
#include "plugins/recall/prompt/compose.hpp"
#include "plugins/recall/prompt/sent_blocks.hpp"
#include "plugins/recall/recall_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace keep::recall {

inline constexpr std::size_t kMaxFacts = 16;  // looked at for one turn

struct KnownFacts {
  std::vector<Note> notes;  // best first
  std::vector<std::uint64_t> facts;
  std::int64_t tokens = 0;
};

// Of several questions: each fact once, with its best relevance, best first.
std::vector<FoundFact> merge_facts(std::vector<std::vector<FoundFact>> lists);

// Tokens that facts may take: half of what is set aside while the fog is searched as well. While
// nothing had to be cut nothing is set aside, and it is what the window has left, but no more than
// a quarter of it or the budget.
std::int64_t room_for_facts(const Exchange& exchange, const RecallSettings& settings);

// By the rules of select_passages(). A fact that stands in the prompt already is left out until it
// has a new value. `sent`: the blocks that stand there.
KnownFacts select_facts(std::vector<FoundFact> found, const Exchange& exchange,
                        const Wanted& wanted, const RecallSettings& settings,
                        std::span<const SentBlock> sent);

}  // namespace keep::recall
