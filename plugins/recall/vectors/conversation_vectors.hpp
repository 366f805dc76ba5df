// ConversationVectors: the vectors of one conversation's passages, by the model of one server.
//
// Each row knows its passage by the message and the part of it. The messages are the same ones that
// ConversationIndex takes, in the same order. One thread at a time.
#pragma once

#include "base/result.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "plugins/recall/passage_place.hpp"
#include "search/vector_index.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace keep::recall {

// Tells a message from one that stands in its position in another conversation of the same name.
std::uint64_t stamp_of(const MessageInfo& message) noexcept;

struct PassageText {
  PassagePlace place;
  std::uint64_t stamp = 0;  // of the message
  std::string text;
};

// The passages of `messages` from `from` on; those that say nothing are left out.
std::vector<PassageText> passages_to_embed(std::span<const StoredMessage> messages,
                                           PassagePlace from);

struct SimilarPassage {
  PassagePlace place;
  float cosine = 0;
  float deviations = 0;  // by how many standard deviations it is above the mean of all
};

class ConversationVectors {
 public:
  // Fewer vectors say nothing about which similarity is unusual.
  static constexpr std::size_t kLeastRows = 50;

  ConversationVectors(std::string model, std::size_t dimensions);

  const std::string& model() const noexcept { return model_; }
  std::size_t dimensions() const noexcept { return index_.codes().dimensions(); }
  // Where to go on: what is before it has been looked at.
  PassagePlace next() const noexcept { return next_; }
  void go_on_from(PassagePlace next) noexcept { next_ = next; }

  // `place` is not before next(), which is behind it afterwards.
  void add(const PassageText& passage, std::span<const float> vector);
  bool wants_graph() const noexcept { return index_.wants_graph(); }
  Result<> grow_graph(std::size_t count) { return index_.grow_graph(count); }

  // Passages of messages on `path` before `end`, the most similar first; none when there are fewer
  // than kLeastRows to compare with. `asked` has dimensions() numbers, not all 0.
  std::vector<SimilarPassage> search(std::span<const float> asked, std::span<const Stretch> path,
                                     Position end, std::size_t limit) const;

  std::size_t size() const noexcept { return places_.size(); }
  std::size_t memory_bytes() const noexcept;

  // The rows, for a file. `first` and `last` are stamps of the messages of the first and last row.
  struct Stamps {
    std::uint64_t first = 0, last = 0;
  };
  std::span<const PassagePlace> places() const noexcept { return places_; }
  const search::VectorCodes& codes() const noexcept { return index_.codes(); }
  Stamps stamps() const noexcept { return stamps_; }
  // The rest of what a file holds; the codes are as many as the places, which rise.
  void restore(std::vector<PassagePlace> places, Stamps stamps, PassagePlace next);
  void restore(std::span<const std::int8_t> parts, float scale) {
    index_.codes().add(parts, scale);
  }

 private:
  std::string model_;
  search::VectorIndex index_;
  std::vector<PassagePlace> places_;  // by row
  Stamps stamps_;
  PassagePlace next_;
};

}  // namespace keep::recall
