#include "plugins/recall/fact_ranker.hpp"

#include "plugins/recall/lexical_index.hpp"
#include "plugins/recall/passages.hpp"

#include <algorithm>
#include <cstdint>

namespace keep::recall {

namespace {

// A word that one text of three has is not common, but would be taken for it: rarity is reckoned
// as if there were at least so many.
constexpr std::size_t kLeastPassages = 256;

}  // namespace

std::vector<float> FactRanker::rank(std::string_view question,
                                    std::span<const std::string> texts) const {
  LexicalIndex index(0);
  std::vector<std::size_t> owners;
  Passage passage;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    passage.session = static_cast<std::uint32_t>(i);
    for (const std::string_view piece : split_passages(texts[i])) {
      passage.text = piece;
      index.add(passage);
      owners.push_back(i);
    }
  }
  passage = Passage();
  passage.session = static_cast<std::uint32_t>(texts.size());
  while (index.size() < kLeastPassages) index.add(passage);
  std::vector<float> relevance(texts.size(), 0);
  for (const Hit& hit : index.search(question, index.size())) {
    if (hit.passage >= owners.size()) continue;
    float& best = relevance[owners[hit.passage]];
    best = std::max(best, hit.relevance);
  }
  return relevance;
}

}  // namespace keep::recall
