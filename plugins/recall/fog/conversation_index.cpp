#include "plugins/recall/fog/conversation_index.hpp"

#include "plugins/recall/ask/message_text.hpp"
#include "text/passages.hpp"

#include <algorithm>
#include <string>

namespace keep::recall {

namespace {

constexpr std::int64_t kDay = 24 * 3600;
// What was said after such a pause was said about something else.
constexpr std::int64_t kPause = 6 * 3600;

}  // namespace

void ConversationIndex::add(std::span<const StoredMessage> messages) {
  for (const StoredMessage& message : messages) {
    if (message.info.position < next_) continue;
    next_ = message.info.position + 1;
    if (is_instruction(message.info)) continue;
    add_text(message);
  }
}

void ConversationIndex::add_text(const StoredMessage& message) {
  if (message.info.time - last_time_ > kPause) ++session_;
  last_time_ = message.info.time;
  const std::string text = message_text(message.json);
  search::Passage passage;
  passage.speaker = to_string(message.info.role);
  passage.day = static_cast<std::int32_t>(message.info.time / kDay);
  passage.session = session_;
  std::uint32_t part = 0;
  for (const std::string_view piece : text::split_passages(text)) {
    passage.text = piece;
    index_.add(passage);
    places_.push_back({message.info.position, part++});
  }
}

std::optional<search::PassageId> ConversationIndex::find(PassagePlace place) const noexcept {
  const auto at = std::ranges::lower_bound(places_, place);
  if (at == places_.end() || *at != place) return std::nullopt;
  return static_cast<search::PassageId>(at - places_.begin());
}

std::vector<FoundPassage> ConversationIndex::search(std::string_view question,
                                                    std::span<const Stretch> path, Position end,
                                                    std::size_t limit) {
  std::vector<FoundPassage> found;
  const std::vector<search::PassageRange> ranges = ranges_of(places_, path, end);
  if (ranges.empty()) return found;  // to the index it would mean everything
  for (const search::Hit& hit : index_.search(question, limit, ranges)) {
    const PassagePlace& place = places_[hit.passage];
    found.push_back({hit.passage, place.message, place.part, hit.relevance});
  }
  return found;
}

std::size_t ConversationIndex::memory_bytes() const noexcept {
  return index_.memory_bytes() + places_.capacity() * sizeof(PassagePlace);
}

}  // namespace keep::recall
