#include "plugins/recall/vectors/conversation_vectors.hpp"

#include "base/hash.hpp"
#include "plugins/recall/ask/message_text.hpp"
#include "search/slow_growth.hpp"
#include "text/passages.hpp"

#include <algorithm>
#include <utility>

namespace keep::recall {

namespace {

// Vectors that are as good as the same for everything.
constexpr float kLeastDeviation = 0.001F;
// Of one passage. What split_passages() gives is seldom longer.
constexpr std::size_t kMaxTextBytes = 4 << 10;

bool says_something(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n") != text.npos;
}

}  // namespace

std::uint64_t stamp_of(const MessageInfo& message) noexcept {
  return hash_combine(message.hash, static_cast<std::uint64_t>(message.time));
}

std::vector<PassageText> passages_to_embed(std::span<const StoredMessage> messages,
                                           PassagePlace from) {
  std::vector<PassageText> passages;
  for (const StoredMessage& message : messages) {
    if (is_instruction(message.info)) continue;
    const std::string text = message_text(message.json);
    PassagePlace place{message.info.position, 0};
    for (const std::string_view piece : text::split_passages(text)) {
      if (place >= from && says_something(piece)) {
        const std::string_view head = piece.substr(0, kMaxTextBytes);
        passages.push_back({place, stamp_of(message.info), std::string(head)});
      }
      ++place.part;
    }
  }
  return passages;
}

ConversationVectors::ConversationVectors(std::string model, std::size_t dimensions)
    : model_(std::move(model)), index_(dimensions) {}

void ConversationVectors::add(const PassageText& passage, std::span<const float> vector) {
  if (places_.empty()) stamps_.first = passage.stamp;
  stamps_.last = passage.stamp;
  index_.codes().add(index_.codes().encode(vector));
  search::push_back(places_, passage.place);
  next_ = {passage.place.message, passage.place.part + 1};
}

void ConversationVectors::restore(std::vector<PassagePlace> places, Stamps stamps,
                                  PassagePlace next) {
  places_ = std::move(places);
  stamps_ = stamps;
  next_ = next;
}

std::vector<SimilarPassage> ConversationVectors::search(std::span<const float> asked,
                                                        std::span<const Stretch> path, Position end,
                                                        std::size_t limit) const {
  std::vector<SimilarPassage> similar;
  const std::vector<search::PassageRange> ranges = ranges_of(places_, path, end);
  std::size_t rows = 0;
  for (const search::PassageRange& range : ranges) rows += range.last - range.first + 1;
  if (rows < kLeastRows) return similar;
  const search::NearRows near = index_.search(index_.codes().encode(asked), ranges, limit);
  if (near.deviation < kLeastDeviation) return similar;
  for (const search::NearRow& row : near.rows) {
    similar.push_back({places_[row.row], row.cosine, (row.cosine - near.mean) / near.deviation});
  }
  return similar;
}

std::size_t ConversationVectors::memory_bytes() const noexcept {
  return sizeof *this + index_.memory_bytes() + places_.capacity() * sizeof(PassagePlace);
}

}  // namespace keep::recall
