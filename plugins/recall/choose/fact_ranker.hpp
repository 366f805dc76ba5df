// FactRanker: the score of recalled passages, for texts that somebody else keeps. Any thread.
#pragma once

#include "exchange/interfaces/knowledge.hpp"

namespace keep::recall {

// Texts do not stand next to each other: none gets anything from another. Costs an index of all of
// them, so that hand in no more than a megabyte.
class FactRanker final : public TextRanker {
 public:
  std::vector<float> rank(std::string_view question,
                          std::span<const std::string> texts) const override;
};

}  // namespace keep::recall
