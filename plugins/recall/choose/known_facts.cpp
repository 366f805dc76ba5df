#include "plugins/recall/choose/known_facts.hpp"

#include "base/hash.hpp"
#include "plugins/recall/choose/selection.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace keep::recall {

namespace {

constexpr std::int64_t kNoteTokens = 12;  // what stands before a value

std::uint64_t key_of(const Fact& fact) {
  return hash_combine(static_cast<std::uint64_t>(fact.id), fact.version);
}

std::unordered_set<std::uint64_t> present_in(std::span<const SentBlock> sent) {
  std::unordered_set<std::uint64_t> present;
  for (const SentBlock& one : sent) {
    present.insert(one.block->facts.begin(), one.block->facts.end());
  }
  return present;
}

}  // namespace

std::vector<FoundFact> merge_facts(std::vector<std::vector<FoundFact>> lists) {
  std::vector<FoundFact> merged;
  for (std::vector<FoundFact>& list : lists) {
    for (FoundFact& one : list) {
      const auto same = [&one](const FoundFact& other) { return other.fact.id == one.fact.id; };
      const auto known = std::ranges::find_if(merged, same);
      if (known == merged.end()) {
        merged.push_back(std::move(one));
      } else {
        known->relevance = std::max(known->relevance, one.relevance);
      }
    }
  }
  std::ranges::stable_sort(merged, std::greater<>(), &FoundFact::relevance);
  return merged;
}

std::int64_t room_for_facts(const Exchange& exchange, const RecallSettings& settings) {
  const ClearZone& zone = exchange.zone;
  if (zone.recall_room > 0) return zone.recall_room / 2;
  const std::int64_t share = zone.window / 4;
  const std::int64_t asked = exchange.chat.max_tokens.value_or(share);
  const std::int64_t answer = asked < 0 ? share : std::min(asked, share);
  const std::int64_t margin = zone.window / 32;  // the prompt's length is an estimate
  const std::int64_t left = zone.window - zone.prompt_tokens - answer - margin;
  return std::min({static_cast<std::int64_t>(settings.budget_tokens), share, left});
}

KnownFacts select_facts(std::vector<FoundFact> found, const Exchange& exchange,
                        const Wanted& wanted, const RecallSettings& settings,
                        std::span<const SentBlock> sent) {
  KnownFacts known;
  const auto present = present_in(sent);
  const std::int64_t room = room_for_facts(exchange, settings) - kHeadTokens;
  float floor = least_relevance(wanted.is_question, settings);
  for (FoundFact& one : found) {
    Fact& fact = one.fact;
    if (one.relevance < floor || present.contains(key_of(fact))) continue;
    if (!wanted.said.lack_some_of(fact.value)) continue;
    floor = std::max(floor, one.relevance * kTail);
    const std::size_t bytes = fact.topic.size() + fact.key.size() + fact.value.size();
    const std::int64_t tokens = exchange.zone.estimate(bytes) + kNoteTokens;
    if (known.tokens + tokens > room) continue;
    known.tokens += tokens;
    known.facts.push_back(key_of(fact));
    known.notes.push_back({std::move(fact.topic), std::move(fact.key), std::move(fact.value)});
  }
  return known;
}

}  // namespace keep::recall
