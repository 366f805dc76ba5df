#include "plugins/recall/choose/fact_ranker.hpp"

#include "search/lexical_index.hpp"
#include "text/passages.hpp"

#include <algorithm>
#include <cstdint>

namespace keep::recall {

std::vector<float> FactRanker::rank(std::string_view question,
                                    std::span<const std::string> texts) const {
  search::LexicalIndex index(0);
  std::vector<std::size_t> owners;
  search::Passage passage;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    passage.session = static_cast<std::uint32_t>(i);
    for (const std::string_view piece : text::split_passages(texts[i])) {
      passage.text = piece;
      index.add(passage);
      owners.push_back(i);
    }
  }
  std::vector<float> relevance(texts.size(), 0);
  for (const search::Hit& hit : index.search(question, index.size())) {
    float& best = relevance[owners[hit.passage]];
    best = std::max(best, hit.relevance);
  }
  return relevance;
}

}  // namespace keep::recall
