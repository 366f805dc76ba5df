// Ranking: which of the passages found answer best, by how they hold the words of the questions.
// Pure.
#pragma once

#include "plugins/recall/fog/fog_search.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace keep::recall {

struct Ranked {
  Found found;
  std::size_t question = 0;  // of those asked, the one whose words it has most of
  // It has all words of the question, close together, and does not ask itself.
  bool whole = false;
  float score = 0;  // relevance, less when the words are far from each other
};

// Best first: whole ones before the others, by score and bonus; of several questions in turns.
// With words all over it a long passage resembles any question, so it stands back behind one that
// has them in one place.
std::vector<Ranked> rank_passages(std::vector<Found> found, std::span<const std::string> questions);

}  // namespace keep::recall
