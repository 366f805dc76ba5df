// Fusion: what the words of a question find and what its vector finds, as one list. Pure.
//
// The words decide what is relevant; a vector that is unusually similar raises a passage among the
// others, at most by kBonus. Only what is similar beyond doubt comes in by its vector alone. A
// bonus never makes another passage less relevant (FoundPassage keeps it apart). Models differ in
// the cosines they give, so that unusual means: by how many standard deviations it is above the
// mean of the conversation.
#pragma once

#include "plugins/recall/fog/conversation_index.hpp"
#include "plugins/recall/vectors/conversation_vectors.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace keep::recall {

// Measured on dialogues with vectors of no worth (random, and of a tiny model): evidence among the
// best 5 and 20 and in 1024 tokens changes by 0.1 of 100 at most. Ranks instead of these sums
// (reciprocal rank fusion) lose 6 to 60 of 75 among the best 5 there.
inline constexpr float kBonus = 0.2F;
inline constexpr float kUnusual = 2, kMostUnusual = 5;  // standard deviations: no bonus, all of it
// Nine of ten questions about something else find nothing so similar even with vectors that follow
// words (latent semantic analysis), and none with those of no worth.
inline constexpr float kClearDeviations = 5, kClearCosine = 0.7F;
inline constexpr float kClear = 0.5F;  // at least, with the bonus: the floor for questions is 0.4

// The number of a passage; none while it is not indexed.
using FindPassage = std::function<std::optional<search::PassageId>(PassagePlace)>;

// The best `limit` by relevance and bonus, best first. `by_words` is best first, too.
std::vector<FoundPassage> fuse(std::vector<FoundPassage> by_words,
                               std::span<const SimilarPassage> by_vector, const FindPassage& find,
                               std::size_t limit);

}  // namespace keep::recall
