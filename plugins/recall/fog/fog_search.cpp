#include "plugins/recall/fog/fog_search.hpp"

#include "base/async/race.hpp"
#include "base/hash.hpp"
#include "exchange/large_request.hpp"
#include "plugins/recall/ask/message_text.hpp"
#include "plugins/recall/fog/fusion.hpp"
#include "text/passages.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace keep::recall {

namespace {

// What is indexed in one go: a few hundredths of a second.
constexpr std::size_t kBatchBytes = 256 << 10;
// Found by words, for each that is wanted, when vectors may change the order.
constexpr std::size_t kSpare = 4;
// A message of this many bytes takes a millisecond or two to be taken apart.
constexpr std::size_t kLargeMessage = 64 << 10;

// Of several lists in turns, each passage once, with its best relevance.
std::vector<FoundPassage> merge(const std::vector<std::vector<FoundPassage>>& lists,
                                std::size_t limit) {
  std::vector<FoundPassage> merged;
  for (std::size_t rank = 0; rank < limit; ++rank) {
    for (const auto& list : lists) {
      if (rank >= list.size()) continue;
      const FoundPassage& one = list[rank];
      const auto known = std::ranges::find(merged, one.passage, &FoundPassage::passage);
      if (known != merged.end()) {
        known->relevance = std::max(known->relevance, one.relevance);
      } else if (merged.size() < limit) {
        merged.push_back(one);
      }
    }
  }
  return merged;
}

// Of the passages with these places in the list, all of that message; empty: there is no such part.
std::vector<std::string> texts_in(const StoredMessage& message,
                                  const std::vector<FoundPassage>& passages,
                                  const std::vector<std::size_t>& wanted) {
  const std::string text = message_text(message.json);
  const auto pieces = text::split_passages(text);
  std::vector<std::string> texts;
  for (const std::size_t place : wanted) {
    const std::size_t part = passages[place].part;
    texts.emplace_back(part < pieces.size() ? pieces[part] : std::string_view());
  }
  return texts;
}

}  // namespace

FogSearch::Entry& FogSearch::entry_of(const ConversationName& name) {
  Entry& entry = entries_.get(exact_key(name), hash64(name.tenant));
  if (!entry.index) entry.index.emplace(services_.pools.cpu);
  return entry;
}

// Whole batches: a caller that stops waiting finds them done next time.
asio::awaitable<void> FogSearch::fill(ConversationName name, SharedIndex index, Position end) {
  for (;;) {
    const Entry* const before = entries_.peek(exact_key(name));
    if (before == nullptr || before->index != index || before->next >= end) co_return;
    const Position from = before->next;
    auto batch = co_await conversations_.read(name, from, kBatchBytes);
    if (!batch || batch->empty()) co_return;
    auto job = [messages = std::move(*batch)](ConversationIndex& value) {
      value.add(messages);
      return std::array<std::size_t, 3>{value.next(), value.size(), value.memory_bytes()};
    };
    const auto state = co_await index.run(std::move(job));
    Entry* const entry = entries_.peek(exact_key(name));
    if (entry == nullptr || entry->index != index) co_return;  // ended meanwhile
    if (state[0] <= from) co_return;                           // nothing but lost messages
    entry->next = static_cast<Position>(state[0]);
    entry->passages = state[1];
    bytes_ = bytes_ - entry->bytes + state[2];
    entry->bytes = state[2];
    entries_.weigh(exact_key(name), entry->bytes);
    trim();
  }
}

asio::awaitable<void> FogSearch::fill_beside(ConversationName name, SharedIndex index,
                                             Position end) {
  co_await fill(name, index, end);
  Entry* const entry = entries_.peek(exact_key(name));
  if (entry != nullptr && entry->index == index) entry->filling = false;
}

asio::awaitable<void> FogSearch::pause(asio::steady_timer& timer) {
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<> FogSearch::catch_up(const ConversationName& name, Position end) {
  Entry& entry = entry_of(name);
  if (entry.next >= end) co_return Result<>{};
  asio::steady_timer timer(services_.loop, kPatience);
  auto work = fill(name, *entry.index, end);
  auto patience = pause(timer);
  const std::size_t first = co_await race(std::move(work), std::move(patience));
  if (first == 0) co_return Result<>{};
  // The rest goes on beside; the next search finds it.
  Entry* const late = entries_.peek(exact_key(name));
  if (late == nullptr || late->filling) co_return Result<>{};
  late->filling = true;
  services_.spawner.spawn("recall index", fill_beside(name, *late->index, end));
  co_return Result<>{};
}

Task<std::vector<Found>> FogSearch::find(Search search) {
  co_await catch_up(search.name, search.end);
  std::vector<std::vector<SimilarPassage>> similar;
  if (vectors_ != nullptr) similar = co_await vectors_->find(search);
  const SharedIndex index = *entry_of(search.name).index;
  auto job = [&search, &similar](ConversationIndex& value) {
    std::vector<std::vector<FoundPassage>> lists;
    const auto find = [&](PassagePlace place) { return value.find(place); };
    const std::size_t limit = search.limit * (similar.empty() ? 1 : kSpare);
    for (std::size_t i = 0; i < search.questions.size(); ++i) {
      lists.push_back(value.search(search.questions[i], search.path, search.end, limit));
      if (i >= similar.size()) continue;
      lists.back() = fuse(std::move(lists.back()), similar[i], find, search.limit);
    }
    return merge(lists, search.limit);
  };
  const auto passages = co_await index.run(std::move(job));
  co_return co_await read(search.name, passages);
}

// Many may stand in one message, which is read and taken apart once.
Task<std::vector<Found>> FogSearch::read(const ConversationName& name,
                                         const std::vector<FoundPassage>& passages) {
  std::map<Position, std::vector<std::size_t>> places;  // of its passages, by message
  for (std::size_t i = 0; i < passages.size(); ++i) places[passages[i].message].push_back(i);
  std::vector<Found> found(passages.size());
  for (const auto& [position, wanted] : places) {
    const auto messages = co_await conversations_.read(name, position, 1);
    if (!messages) co_return messages.error();
    if (messages->empty() || messages->front().info.position != position) continue;
    const StoredMessage& message = messages->front();
    auto cut = [&message, &passages, &wanted = wanted] {
      return texts_in(message, passages, wanted);
    };
    const bool large = message.json.size() >= kLargeMessage;
    std::vector<std::string> texts = co_await off_loop(services_.pools.cpu, large, cut);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const FoundPassage& passage = passages[wanted[i]];
      found[wanted[i]] = {message.info, passage.passage, std::move(texts[i]), passage.relevance,
                          passage.bonus};
    }
  }
  std::erase_if(found, [](const Found& one) { return one.text.empty(); });
  co_return found;
}

void FogSearch::forget(const ConversationName& name) {
  const Entry* const entry = entries_.peek(exact_key(name));
  if (entry == nullptr) return;
  bytes_ -= entry->bytes;
  entries_.erase(exact_key(name));
}

void FogSearch::cut(const ConversationName& name, Position end) {
  const Entry* const entry = entries_.peek(exact_key(name));
  if (entry != nullptr && (entry->next > end || entry->filling)) forget(name);
}

std::size_t FogSearch::index_entries(const ConversationName& name) const {
  const Entry* const entry = entries_.peek(exact_key(name));
  return entry == nullptr ? 0 : entry->passages;
}

void FogSearch::trim() {
  while (bytes_ > index_bytes_ && entries_.size() > 1) {
    const auto oldest = entries_.pop_oldest();
    bytes_ -= oldest->second.bytes;
  }
}

}  // namespace keep::recall
