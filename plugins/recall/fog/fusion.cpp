#include "plugins/recall/fog/fusion.hpp"

#include <algorithm>
#include <unordered_map>

namespace keep::recall {

namespace {

bool is_clear(const SimilarPassage& similar) noexcept {
  return similar.deviations >= kClearDeviations && similar.cosine >= kClearCosine;
}

// For a passage with that relevance by its words.
float bonus(const SimilarPassage& similar, float relevance) noexcept {
  const float share = (similar.deviations - kUnusual) / (kMostUnusual - kUnusual);
  const float unusual = kBonus * std::clamp(share, 0.0F, 1.0F);
  return is_clear(similar) ? std::max(unusual, kClear - relevance) : unusual;
}

}  // namespace

std::vector<FoundPassage> fuse(std::vector<FoundPassage> by_words,
                               std::span<const SimilarPassage> by_vector, const FindPassage& find,
                               std::size_t limit) {
  std::unordered_map<search::PassageId, std::size_t> at;
  for (std::size_t i = 0; i < by_words.size(); ++i) at.emplace(by_words[i].passage, i);
  for (const SimilarPassage& similar : by_vector) {
    const auto passage = find(similar.place);
    if (!passage) continue;
    const auto known = at.find(*passage);
    if (known != at.end()) {
      FoundPassage& found = by_words[known->second];
      found.bonus = bonus(similar, found.relevance);
    } else if (is_clear(similar)) {
      by_words.push_back(
          {*passage, similar.place.message, similar.place.part, 0, bonus(similar, 0)});
    }
  }
  std::ranges::stable_sort(by_words, std::greater<>(),
                           [](const FoundPassage& found) { return found.relevance + found.bonus; });
  if (by_words.size() > limit) by_words.resize(limit);
  return by_words;
}

}  // namespace keep::recall
