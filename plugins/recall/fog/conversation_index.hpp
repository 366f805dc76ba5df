// ConversationIndex: the searchable passages of one conversation. One thread at a time.
//
// Messages come in the order of their positions and are split into passages; branches share one
// index, and a search is told which way through the conversation counts.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "plugins/recall/passage_place.hpp"
#include "search/lexical_index.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace keep::recall {

struct FoundPassage {
  search::PassageId passage = 0;
  Position message = kNoPosition;
  std::uint32_t part = 0;  // of the message, see split_passages()
  float relevance = 0;     // by its words
  float bonus = 0;         // by its vector, on top
};

class ConversationIndex {
 public:
  // Positions below next() are passed over: they are in the index.
  void add(std::span<const StoredMessage> messages);
  Position next() const noexcept { return next_; }

  // Passages of messages on `path` before `end`, best first.
  std::vector<FoundPassage> search(std::string_view question, std::span<const Stretch> path,
                                   Position end, std::size_t limit);

  std::optional<search::PassageId> find(PassagePlace place) const noexcept;

  std::size_t size() const noexcept { return places_.size(); }  // passages
  std::size_t memory_bytes() const noexcept;

 private:
  void add_text(const StoredMessage& message);

  search::LexicalIndex index_;
  std::vector<PassagePlace> places_;  // by passage; they rise
  Position next_ = 0;
  std::int64_t last_time_ = 0;
  std::uint32_t session_ = 0;
};

}  // namespace keep::recall
