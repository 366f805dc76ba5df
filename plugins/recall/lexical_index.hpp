// LexicalIndex: finds passages by their words, without a model.
//
// An inverted index in memory, append only, never full; a passage can be found as soon as add()
// returns. The same calls give the same hits. One thread at a time, searches included: they use
// scratch space of the index. Movable; an index that was moved from may only be destroyed or
// assigned to.
#pragma once

#include "plugins/recall/passages.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace keep::recall {

using PassageId = std::uint32_t;  // 0, 1, 2 ... in the order of add()

struct Passage {
  std::string_view text;
  std::string_view speaker;   // a role ("user", "assistant", "tool") or a person's name; "" none
  std::int32_t day = 0;       // days since 1970-01-01, 0 unknown
  std::uint32_t session = 0;  // passages of another session are no neighbours
};

struct PassageRange {
  PassageId first = 0, last = 0;  // both included
};

struct Hit {
  PassageId passage = 0;
  float score = 0;
  // The score divided by the idf of all words of the question, also those that no passage has:
  // comparable between questions and indexes.
  float relevance = 0;
};

class LexicalIndex {
 public:
  PassageId add(const Passage& passage);

  // The best `limit` passages, best first, the lower id first among equals; fewer when fewer have
  // anything to do with the question. `within` (sorted, disjoint): only these passages, and next to
  // each other in that order, so that the text of the others counts for nothing but the rarity of
  // words. Empty: all.
  std::vector<Hit> search(std::string_view question, std::size_t limit,
                          std::span<const PassageRange> within = {});

  std::size_t size() const noexcept;
  std::size_t memory_bytes() const noexcept;  // all of it, unused capacity included
};

}  // namespace keep::recall
